"""Builds the front end where it is missing or older than its sources. Where it is not, pip needs no node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("src/*", "package.json", "package-lock.json", "tsconfig.json")


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it gathers the files of a wheel or an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        """Run npm if need be."""
        js, static = Path(self.root, "js"), Path(self.root, "scribbleprompt_widget", "static")
        built = [static / f"{name}.{suffix}" for name in ("widget", "review") for suffix in ("js", "css")]
        newest = max(path.stat().st_mtime for pattern in SOURCES for path in js.glob(pattern))
        if all(file.exists() and file.stat().st_mtime >= newest for file in built):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the front end has to be built from js/, which needs node 20.19 or later with npm")
        for command in ("ci --ignore-scripts", "run build"):
            subprocess.run([npm, *command.split()], cwd=js, check=True)  # noqa: S603  # npm, with words of ours
        for file in built:
            file.touch()  # esbuild leaves alone what would not change
