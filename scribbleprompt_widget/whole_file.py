"""Files that appear whole or not at all, and what is wrong with their place told before the work is done."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["Stamp", "check_folder", "stamp_of", "target_path", "written_whole"]

Stamp = tuple[int, int, int]

NAME_DIGITS: Final = 8
"""Of a file's name, which itself may be as long as a name can be."""
CANNOT_WRITE: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)
"""What a folder says that is there and takes no file; the last by those that the system makes up, as /proc."""
ABANDONED_S: Final = 3600.0
"""What was not touched for so long is not being written any more."""


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


def stamp_of(path: Path) -> Stamp | None:
    """What tells whether a file was written since; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@contextmanager
def written_whole(target: Path, suffix: str = "") -> Iterator[Path]:
    """A path with this suffix to write to; it becomes `target` when all went well, and is gone when not.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no folder for `target`, or nothing can be written in it.
    """
    check_folder(target)
    prefix = f".writing-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:NAME_DIGITS]}-"
    for old in target.parent.glob(prefix + "*"):  # of a Python that was killed meanwhile
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(old)
    try:
        # A folder, not a file, so that what is written gets the permissions of any other file.
        opened = tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent)
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        check_folder(target)  # it may have gone meanwhile
        raise PermissionError(f"path: nothing can be written to the folder {str(target.parent)!r}") from error
    with opened as folder:
        written = Path(folder, f"part{suffix}")
        yield written
        written.replace(target)
