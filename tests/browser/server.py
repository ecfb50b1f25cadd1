"""A Jupyter server with settings of its own, and the Chromium that looks at it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_S = 60
"""How long to wait for what must come; a slow machine is no failure."""

ROOT = Path(__file__).parents[2]


def launch_chromium(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)


class Server:
    """A Jupyter server with settings of its own; its root is a temporary folder."""

    def __init__(self, folder: Path):
        self.root = folder / "root"
        self.token = secrets.token_hex(8)
        self.log = folder / "server.log"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR"):
            environment[name] = str(folder / name.lower())
            Path(environment[name]).mkdir(parents=True)
        self.settings = Path(environment["JUPYTERLAB_SETTINGS_DIR"])
        environment["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
        # Nothing may pop up over the page.
        labconfig = Path(environment["JUPYTER_CONFIG_DIR"]) / "labconfig"
        labconfig.mkdir()
        disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
        (labconfig / "page_config.json").write_text(json.dumps(disabled))
        self.root.mkdir()
        self.port = free_port()
        with self.log.open("wb") as log:
            self.process = self._start(environment, log)
        wait_for_answer(self.process, f"http://127.0.0.1:{self.port}/api?token={self.token}", self.log)

    def _start(self, environment: dict[str, str], log) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                sys.executable,
                *["-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}"],
                *["--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}"],
                f"--ServerApp.root_dir={self.root}",
            ],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def write(self, cells: list[str], name: str) -> str:
        """Write a notebook of code cells into the server's root; its file name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.root / f"{name}.ipynb")
        return f"{name}.ipynb"

    def address(self, notebook: str, *, app: str = "lab") -> str:
        path = f"lab/tree/{notebook}" if app == "lab" else f"notebooks/{notebook}"
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}&reset"

    def stop(self):
        stop_group(self.process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_answer(process: subprocess.Popen[bytes], address: str, log: Path):
    """Wait until a server that was started answers at an address."""
    deadline = time.monotonic() + PATIENCE_S
    while not _answers(address):
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError(f"the server did not start:\n{log.read_text()}")
        time.sleep(0.1)  # before asking again; a process that is starting gives no other sign


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address).close()
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def stop_group(process: subprocess.Popen[bytes]):
    """Stop a process that was started in a session of its own, and what it started."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
