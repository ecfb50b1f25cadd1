"""What computes a network: torch, or ONNX Runtime where it is installed and quicker."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch

from scribbleprompt_widget.cache import cache_folder

__all__ = ["Engine", "OnnxEngine", "TorchEngine", "choose_engine"]

OPSET: Final = 18
_log = logging.getLogger(__name__)


class Engine(Protocol):
    """Computes one network.

    Attributes
    ----------
    name
        Recorded with every prediction.
    """

    name: str

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """Logits (H, W) float32 for channels (5, H, W) float32."""
        ...


class TorchEngine:
    """Eager torch, in bfloat16 where that is asked for.

    Parameters
    ----------
    module
        B 5 H W -> B 1 H W; it is set to evaluation and moved to `device`.
    device
        "cpu", "cuda", "cuda:1", "mps".
    bfloat16
        Convolve in bfloat16: much quicker where the processor has instructions for it, much slower where not.
    """

    def __init__(self, module: torch.nn.Module, *, device: str | torch.device = "cpu", bfloat16: bool = False) -> None:
        self._device = torch.device(device)
        self._bfloat16 = bfloat16
        self._module = module.eval().to(self._device)
        self.name = f"torch {self._device}{' bfloat16' if bfloat16 else ''}"

    @torch.inference_mode()
    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """Logits (H, W) float32 for channels (5, H, W) float32."""
        x = torch.from_numpy(channels[None]).to(self._device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self._module(x)
        result: np.ndarray = logits[0, 0].float().cpu().numpy()
        return result


class OnnxEngine:
    """ONNX Runtime on the CPU. The network is exported once and kept in the user's cache.

    Parameters
    ----------
    module
        B 5 H W -> B 1 H W.
    resolution
        H and W.
    """

    name = "onnxruntime cpu"

    def __init__(self, module: torch.nn.Module, *, resolution: int) -> None:
        import onnxruntime  # noqa: PLC0415  # an extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        path = _exported(module.eval(), resolution)
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """Logits (H, W) float32 for channels (5, H, W) float32."""
        (logits,) = self._session.run(None, {"channels": channels[None]})
        result: np.ndarray = logits[0, 0]
        return result


def choose_engine(module: torch.nn.Module, *, resolution: int, device: str | torch.device = "cpu") -> Engine:
    """The quickest engine that is there (measured by `benchmarks/inference.py`).

    On a CPU: torch in bfloat16 where the processor has it, else ONNX Runtime where the extra ``fast`` is installed.
    """
    if torch.device(device).type != "cpu" or has_bfloat16():
        return TorchEngine(module, device=device, bfloat16=torch.device(device).type == "cpu")
    if all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnx", "onnxscript")):
        try:
            return OnnxEngine(module, resolution=resolution)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with an extra, torch is there
            _log.warning("ONNX Runtime cannot be used, torch computes instead: %s", error)
    return TorchEngine(module, device=device)


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by itself."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def _exported(module: torch.nn.Module, resolution: int) -> Path:
    """The module as an .onnx file, from the cache where it was exported before."""
    digest = hashlib.sha256(f"{resolution} {OPSET} {torch.__version__} {module}".encode())
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    path = cache_folder() / "engines" / f"{digest.hexdigest()[:32]}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own
            program = torch.onnx.export(
                module.cpu(),
                (torch.zeros(1, 5, resolution, resolution),),
                input_names=["channels"],
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
        assert program is not None  # noqa: S101  # for dynamo=True it is one
        program.save(temporary)
        temporary.replace(path)
    return path
