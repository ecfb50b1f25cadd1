"""A real JupyterLab and Notebook 7, a real Chromium, real kernels."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.lab import Lab
from tests.browser.server import PATIENCE_S, Server, launch_chromium

expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    yield page
    context.close()


@pytest.fixture
def open_notebook(server, page, request):
    """Write cells into a notebook, open it in JupyterLab (or Notebook 7), and give a `Lab` to drive it."""
    opened = []

    def open_(cells: list[str], *, app: str = "lab") -> Lab:
        name = f"{request.node.originalname}-{secrets.token_hex(3)}"
        lab = Lab(page, server, server.write(cells, name), app)
        opened.append(lab)
        return lab

    yield open_
    for lab in opened:
        lab.stop_kernel()
