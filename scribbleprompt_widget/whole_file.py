"""Files that appear whole or not at all, and what is wrong with their place told before the work is done."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["check_folder", "target_path", "written_whole"]


def target_path(path: str | os.PathLike[str]) -> Path:
    """Where to write, with ``~`` expanded.

    Raises
    ------
    TypeError
        If `path` is no path.
    """
    try:
        return Path(path).expanduser()
    except TypeError:
        raise TypeError(f"path takes a file's name, got {path!r}") from None


def check_folder(target: Path) -> None:
    """See that there is a folder for `target`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    if not target.parent.is_dir():
        raise FileNotFoundError(f"path: there is no folder {str(target.parent)!r} to write {target.name!r} in")


@contextmanager
def written_whole(target: Path, suffix: str = "") -> Iterator[Path]:
    """A path with this suffix to write to; it becomes `target` when all went well, and is gone when not.

    Raises
    ------
    FileNotFoundError
        If there is no folder for `target`.
    """
    check_folder(target)
    # A folder, not a file, so that what is written gets the permissions of any other file.
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.parent) as folder:
        written = Path(folder, f"part{suffix}")
        yield written
        written.replace(target)
