"""The registry of predictors: names that `load_predictor` and `Segmenter(model=...)` take."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from scribbleprompt_widget.predictors.base import Predictor

__all__ = ["load_predictor", "predictor_names", "register_predictor"]

Factory = Callable[..., Predictor]

# Modules are named, not imported: a predictor's libraries (torch above all) load when it is asked for.
_FACTORIES: dict[str, str | Factory] = {
    "random_walker": "scribbleprompt_widget.predictors.random_walker:RandomWalkerPredictor",
    "compact": "scribbleprompt_widget.predictors.network:load_shipped",
    "nearest": "scribbleprompt_widget.evaluation.baselines:NearestPredictor",
    "nearest_geodesic": "scribbleprompt_widget.evaluation.baselines:GeodesicNearestPredictor",
    "grabcut": "scribbleprompt_widget.evaluation.baselines:GrabCutPredictor",
    "unet": "scribbleprompt_widget.predictors.network:load_unet",
}

CHECKPOINT = "scribbleprompt_widget.predictors.network:load_checkpoint"
"""What opens a path."""

DEFAULT = "compact"
"""What "default" stands for."""


def predictor_names() -> list[str]:
    """The names that `load_predictor` takes."""
    return ["default", *_FACTORIES]


def register_predictor(name: str, factory: Factory) -> None:
    """Make `load_predictor(name, **keywords)` call ``factory(**keywords)``.

    Parameters
    ----------
    name
        A new name; registering a name again replaces it. "default" stays ours.
    factory
        A callable that gives a `Predictor`: a class of yours, for instance.

    Raises
    ------
    TypeError, ValueError
        When `name` is no string, or "default"; when `factory` cannot be called.
    """
    if not isinstance(name, str):
        raise TypeError(f"name takes a string, got {name!r}")
    if name == "default":
        raise ValueError('name "default" is taken: it is what people get who choose nothing')
    if not callable(factory):
        raise TypeError(f"factory takes a callable that gives a Predictor, got {factory!r}")
    _FACTORIES[name] = factory


def load_predictor(name: str | Path = "default", **keywords: Any) -> Predictor:
    """Load a predictor.

    Parameters
    ----------
    name
        One of `predictor_names()`, or the path of a checkpoint: of a network trained here, which its file describes,
        or of ScribblePrompt-UNet.
    **keywords
        What that predictor takes: ``device="cpu"`` and ``checkpoint=PATH`` for "unet", for instance.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the known ones.
    TypeError
        When what was registered gives no `Predictor`.
    """
    factory, found = find_factory(name)
    predictor = factory(**{**found, **keywords})
    if not isinstance(predictor, Predictor):
        raise TypeError(f"the factory of {str(name)!r} gave {type(predictor).__name__}, not a Predictor")
    return predictor


def find_factory(name: str | Path) -> tuple[Factory, dict[str, Any]]:
    """What `load_predictor` calls for a name or path, and the keywords that the path becomes.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    key = DEFAULT if name == "default" else str(name)
    factory, keywords = _FACTORIES.get(key), {}
    if factory is None and Path(key).suffix in {".pt", ".pth", ".safetensors"}:
        factory, keywords = CHECKPOINT, {"checkpoint": key}
    if factory is None:
        raise ValueError(
            f"model takes one of {', '.join(predictor_names())}, or the path of a checkpoint (.pt, .safetensors); "
            f"got {key!r}"
        )
    if isinstance(factory, str):
        module, _, attribute = factory.partition(":")
        factory = getattr(import_module(module), attribute)
    return cast("Factory", factory), keywords
