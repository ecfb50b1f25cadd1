"""Libraries that only training or evaluation needs: loaded when they are used, and named when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__all__ = ["MissingExtraError", "require"]

EXTRAS: Final = {
    "cv2": "evaluate",
    "dask": "evaluate",
    "distributed": "scale",
    "lightning_fabric": "train",
    "matplotlib": "evaluate",
    "monai": "evaluate",
    "pandas": "evaluate",
    "yaml": "train",
}
"""Which extra of this package brings a library."""


class MissingExtraError(ImportError):
    """A library is not installed; the message names the extra that brings it."""


def require(module: str) -> Any:
    """Import a module that is, or itself imports, a library of an extra.

    Parameters
    ----------
    module
        Its full name: "monai.metrics", "scribbleprompt_widget.training.loop".

    Raises
    ------
    MissingExtraError
        When the library is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS:
            raise
        raise MissingExtraError(
            f"{library} is not installed: pip install 'scribbleprompt-widget[{EXTRAS[library]}]'"
        ) from error
