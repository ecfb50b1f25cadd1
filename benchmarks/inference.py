"""How long a prediction takes, by engine, beside the paper's network run eagerly in torch, in one run.

    python -m benchmarks.inference [--weights FILE] [--data MedScribble] [--repeats 50] [--threads 2] [--compile]

One 256x256 image with a stroke of each sign. "network" is the network with all that it reads of the image; "predict" is
`Session.predict` with it: prompts drawn, resampling, clicks, the mask at the image's resolution. There torch reads once
what does not depend on what is drawn; other engines compute the whole each time. Medians in milliseconds; the engines
take turns, so that all of them meet the same neighbours on a busy machine. With --data: mean Dice with people's
scribbles (MedScribble's layout), which tells what an engine's rounding costs. Last: a new process, from import to mask.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

import scribbleprompt_widget as sp
from scribbleprompt_widget.models.compact import Seen
from scribbleprompt_widget.models.unet import RESOLUTION, ScribblePromptUNet
from scribbleprompt_widget.predictors.network import NetworkPredictor, compact_predictor, has_bfloat16
from scribbleprompt_widget.training.validation import people_dice, read_people

Engine: TypeAlias = Callable[..., np.ndarray]
"""Logits (H, W) for channels (5, H, W), and for what was read of the image before, where an engine can be given it."""

SIDE = 256
WARM_UP = 5
PAPERS = "the paper's, torch"
START = """
import time; start = time.perf_counter()
import numpy as np, scribbleprompt_widget as sp
sp.load_predictor({model!r}).open(np.zeros((256, 256))).predict(sp.Prompts([sp.Click(128, 128)])).mask
print(time.perf_counter() - start)
"""


def torch_engine(module: torch.nn.Module, *, bfloat16: bool = False, side: int = SIDE) -> Engine:
    """As shipped."""
    return NetworkPredictor(module, name="timed", resolution=side, bfloat16=bfloat16).forward


def channels_last(module: torch.nn.Module) -> Engine:
    """The input laid out as the weights are."""

    @torch.inference_mode()
    def compute(channels: np.ndarray, seen: Seen | None = None) -> np.ndarray:
        x = torch.from_numpy(channels[None]).contiguous(memory_format=torch.channels_last)
        return module(x, seen)[0, 0].numpy()

    return compute


def onnx_engine(module: torch.nn.Module) -> Engine:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own
        path = Path(folder) / "network.onnx"
        torch.onnx.export(module, (torch.zeros(1, 5, SIDE, SIDE),), path, opset_version=18, dynamo=True, verbose=False)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda channels, _seen=None: session.run(None, {name: channels[None]})[0][0, 0]


def openvino_engine(module: torch.nn.Module, precision: str) -> Engine:
    import openvino

    model = openvino.convert_model(module, example_input=torch.zeros(1, 5, SIDE, SIDE))
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    compiled = openvino.Core().compile_model(model, "CPU", {**settings, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    return lambda channels, _seen=None: next(iter(request.infer({0: channels[None]}).values()))[0, 0]


def engines(module: torch.nn.Module, *, compiled: bool) -> dict[str, Engine]:
    makers = {
        "torch, channels last": lambda: channels_last(module),
        "torch": lambda: torch_engine(module),
        "torch bfloat16": lambda: torch_engine(module, bfloat16=True),
        "ONNX Runtime": lambda: onnx_engine(module),
        "OpenVINO float32": lambda: openvino_engine(module, "f32"),
        "OpenVINO bfloat16": lambda: openvino_engine(module, "bf16"),
    }
    if compiled:
        makers["torch.compile"] = lambda: torch_engine(torch.compile(module))
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
            found[name](np.zeros((5, SIDE, SIDE), dtype=np.float32))
        except ImportError as error:  # noqa: PERF203  # each once
            print(f"{name}: {error}", file=sys.stderr)
    return found


def medians(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Milliseconds; all calls in turn, so that none has the machine to itself."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(repeats + WARM_UP):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if number >= WARM_UP:
                times[name].append(1e3 * (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="compact", help="a name or a path (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="people's scribbles, for Dice")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="torch.compile too, which takes a minute")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    predictor = sp.load_predictor(options.weights)
    assert isinstance(predictor, NetworkPredictor)
    module = predictor.module
    found = engines(module, compiled=options.compile)

    rng = np.random.default_rng(0)
    image = rng.random((SIDE, SIDE), dtype=np.float32)
    prompts = sp.Prompts([sp.Scribble([(60, 60), (120, 90)]), sp.Scribble([(10, 200), (200, 220)], positive=False)])
    channels = np.zeros((5, SIDE, SIDE), dtype=np.float32)
    channels[0], channels[2, 60:90, 60:63], channels[3, 200:203, 10:200] = image, 1, 1
    paper = torch_engine(ScribblePromptUNet(), side=RESOLUTION)
    papers = NetworkPredictor(ScribblePromptUNet(), name="paper", resolution=RESOLUTION).open(image)

    def predicting(engine: Engine) -> Callable[[], object]:
        timed = compact_predictor(module, name="timed", resolution=SIDE)
        timed.forward = engine  # type: ignore[method-assign]  # the same predictor on another engine
        session = timed.open(image)
        return lambda: session.predict(prompts).mask

    small = np.ascontiguousarray(channels[:, :RESOLUTION, :RESOLUTION])
    alone = medians(
        {PAPERS: lambda: paper(small)} | {n: lambda e=e: e(channels) for n, e in found.items()}, options.repeats
    )
    whole = medians(
        {PAPERS: lambda: papers.predict(prompts).mask} | {n: predicting(e) for n, e in found.items()},
        options.repeats,
    )
    print(f"{platform.machine()}, {options.threads} threads, torch {torch.__version__}, bfloat16: {has_bfloat16()}")
    print(f"chosen here: {predictor.engine}\n")
    dice_column = " mean Dice |" if options.data else ""
    print(f"| engine | network, ms | predict, ms | times quicker than the paper's |{dice_column}")
    print("|---|---|---|---|" + "---|" * bool(dice_column))
    for name in [PAPERS, *found]:
        line = f"| {name} | {alone[name]:.1f} | {whole[name]:.1f} | {whole[PAPERS] / whole[name]:.1f} |"
        if options.data and name != PAPERS:
            line += f" {dice(found[name], options.data, predictor.resolution):.4f} |"
        elif options.data:
            line += " |"
        print(line)
    starts = [
        float(subprocess.check_output([sys.executable, "-c", START.format(model=options.weights)])) for _ in range(2)
    ]
    print(f"\nimport, load and first prediction in a new process: {starts[-1]:.1f} s")


def dice(engine: Engine, data: Path, resolution: int) -> float:
    class Network(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([torch.from_numpy(np.array(engine(one.numpy())))[None] for one in x])

    return statistics.mean(
        people_dice(Network(), read_people(data), resolution=resolution, device=torch.device("cpu")).values()
    )


if __name__ == "__main__":
    main()
