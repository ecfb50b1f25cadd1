"""A real kernel whose comms have a thread of their own, as JupyterLab asks for it."""

import time
from pathlib import Path

import pytest
from jupyter_client import KernelManager

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60

SETUP = """
import threading
import numpy as np
import scribbleprompt_widget as sp
from scribbleprompt_widget.widgets import answering
from tests.paint import PaintPredictor

answering.TELL_AFTER_S = 1.0  # the cell below has begun by then
begun, told, go, done = (threading.Event() for _ in range(4))
predictor = PaintPredictor()
w = sp.Segmenter(np.zeros((20, 30)), model=predictor)
predictor.wait_for = go
send = w.send

def spying(content, buffers=None):
    send(content, buffers)
    if content["type"] == "started":
        told.set()

w.send = spying
w.observe(lambda _: w.instance_table and done.set(), names="mask_version")
print(w.comm.comm_id, end="")
"""
MEANWHILE = f"""
print(told.wait({PATIENCE_S}), end=" ")
go.set()
print(done.wait({PATIENCE_S}), end="")  # of the widget it wants nothing
"""


class Kernel:
    """A kernel with a subshell, and what a canvas in JupyterLab says to it."""

    def __init__(self, manager):
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(PATIENCE_S)
        self.subshell = None
        self.comm = ""

    def open(self):
        self.comm = self.output(self.client.execute(SETUP))
        channel = self.client.control_channel
        channel.send(self.client.session.msg("create_subshell_request", {}))
        self.subshell = channel.get_msg(timeout=PATIENCE_S)["content"]["subshell_id"]

    def say(self, number, kind, **fields):
        message = {"type": kind, "id": f"v-{number}", "image": 0, "label": 0, **fields}
        message = self.client.session.msg(
            "comm_msg", {"comm_id": self.comm, "data": {"method": "custom", "content": message}}
        )
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def heard(self):
        """What the kernel says next to everybody."""
        message = self.client.get_iopub_msg(timeout=PATIENCE_S)
        return message, message["content"].get("data", {}).get("content", {}).get("type")

    def wait_for(self, kind):
        until = time.monotonic() + PATIENCE_S
        while self.heard()[1] != kind:
            assert time.monotonic() < until

    def output(self, request):
        text = ""
        while True:
            message, _ = self.heard()
            if message["parent_header"].get("msg_id") != request:
                continue
            assert message["msg_type"] != "error", message["content"]["traceback"]
            if message["msg_type"] == "stream":
                text += message["content"]["text"]
            if message["content"].get("execution_state") == "idle":
                return text


@pytest.fixture
def kernel(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    manager = KernelManager()
    manager.start_kernel(cwd=ROOT)
    try:
        kernel = Kernel(manager)
        kernel.open()
        yield kernel
        kernel.client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def test_what_is_drawn_while_a_cell_runs_does_not_wait_for_it(kernel):
    kernel.say(1, "whole")  # from now on the canvas's messages come by its thread
    kernel.wait_for("update")
    kernel.say(2, "prompt", prompt={"kind": "click", "x": 5, "y": 6, "positive": True})
    cell = kernel.client.execute(MEANWHILE)
    kernel.wait_for("started")
    kernel.say(3, "commit")
    assert kernel.output(cell) == "True True"
