"""Interactive image segmentation in a notebook cell, after ScribblePrompt (Wong et al., ECCV 2024)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scribbleprompt_widget.image import Image
    from scribbleprompt_widget.predictors.registry import load_predictor, predictor_names, register_predictor
    from scribbleprompt_widget.prompts import Box, Click, Lasso, Prompts, Scribble
    from scribbleprompt_widget.training.finetune import finetune
    from scribbleprompt_widget.widgets.review_grid import ReviewGrid
    from scribbleprompt_widget.widgets.segmenter import Segmenter, load_session

__version__ = "0.1.0"

__all__ = [
    "Box",
    "Click",
    "Image",
    "Lasso",
    "Prompts",
    "ReviewGrid",
    "Scribble",
    "Segmenter",
    "finetune",
    "load_predictor",
    "load_session",
    "predictor_names",
    "register_predictor",
]

_HOME = {
    "Box": "prompts",
    "Click": "prompts",
    "Image": "image",
    "Lasso": "prompts",
    "Prompts": "prompts",
    "ReviewGrid": "widgets.review_grid",
    "Scribble": "prompts",
    "Segmenter": "widgets.segmenter",
    "finetune": "training.finetune",
    "load_predictor": "predictors.registry",
    "load_session": "widgets.segmenter",
    "predictor_names": "predictors.registry",
    "register_predictor": "predictors.registry",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package is quick in scripts and shells."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
