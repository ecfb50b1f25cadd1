"""Libraries that only evaluation needs: loaded when they are used, and named when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

__all__ = ["MissingExtraError", "require"]

EXTRAS: Final = {
    "cv2": "evaluate",
    "dask": "evaluate",
    "distributed": "scale",
    "matplotlib": "evaluate",
    "monai": "evaluate",
    "pandas": "evaluate",
}
"""Which extra of this package brings a library."""


class MissingExtraError(ImportError):
    """A library is not installed; the message names the extra that brings it."""


def require(module: str) -> Any:
    """Import a module.

    Parameters
    ----------
    module
        Its full name: "monai.metrics".

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if library not in EXTRAS or error.name is None or error.name.partition(".")[0] != library:
            raise
        raise MissingExtraError(
            f"{library} is not installed: pip install 'scribbleprompt-widget[{EXTRAS[library]}]'"
        ) from error
