"""What a training run is made of: one frozen dataclass, read from YAML, with every unknown key refused by name."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from scribbleprompt_widget.models.compact import CompactConfig
from scribbleprompt_widget.simulation.config import SimulationConfig
from scribbleprompt_widget.training.losses import LossConfig
from scribbleprompt_widget.training.optimisation import OptimisationConfig
from scribbleprompt_widget.training.source import DataConfig

__all__ = [
    "Size",
    "TrainingConfig",
    "ValidationConfig",
    "build",
    "read_config",
    "shipped_configs",
    "write_config",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """One resolution to train at.

    Attributes
    ----------
    resolution
        Side of the square, in pixels.
    batch
        Samples per step and process.
    share
        Share of steps, relative to the other sizes'.
    """

    resolution: int = 128
    batch: int = 16
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.resolution < 1 or self.batch < 1 or self.share <= 0:
            raise ValueError(f"a size takes positive resolution, batch and share, got {self}")


@dataclass(frozen=True)
class ValidationConfig:
    """How a run is measured while it goes on; the simulated prompts are the same every time.

    Attributes
    ----------
    sets
        Names of data sets that are never trained on, each measured by itself; synthetic shapes where there is none.
    images
        Samples per set.
    every
        Steps between two measurements. There is always one at the end.
    resolution
        Side of the square; also what the finished network asks for when it predicts.
    """

    sets: tuple[str, ...] = ()
    images: int = 16
    every: int = 500
    resolution: int = 256

    def __post_init__(self) -> None:
        if min(self.images, self.every, self.resolution) < 1:
            raise ValueError(f"validation takes positive images, every and resolution, got {self}")


@dataclass(frozen=True)
class TrainingConfig:
    """A training run.

    Attributes
    ----------
    steps
        Steps of the optimiser, over whose number the cosine falls. With `minutes`, at most that many.
    minutes
        Time budget; the cosine then falls over time, so that it reaches its end whatever the machine's speed. Such a
        run can be resumed like any other, though not bit for bit.
    rounds
        Rounds per sample: a first prediction, then corrections of the network's own errors.
    idle
        Share of later rounds, drawn per sample, in which nothing new is drawn: the network then only refines.
    given
        Share of samples that begin with a wrong mask to mend, instead of with first prompts.
    precision
        Lightning Fabric's name: "32-true", "bf16-mixed". On a CPU without instructions for bfloat16,
        "bf16-mixed" trains in single precision, which is quicker there, and a warning says so.
    sizes
        Resolutions, one drawn for each step.
    checkpoint_every
        Steps between two checkpoints.
    workers
        Threads that make the next batches while a step runs; 0 makes each when it is needed.
    compile
        Let torch.compile speed up the steps; for long runs on a GPU.
    start
        Weights to go on from: a file of an earlier run with the same `network`.
    """

    seed: int = 0
    steps: int = 1000
    minutes: float | None = None
    rounds: int = 5
    idle: float = 0.1
    given: float = 0.1
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    sizes: tuple[Size, ...] = (Size(),)
    checkpoint_every: int = 100
    workers: int = 1
    compile: bool = False
    start: str | None = None
    network: CompactConfig = field(default_factory=CompactConfig)
    data: DataConfig = field(default_factory=DataConfig)
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimisation: OptimisationConfig = field(default_factory=OptimisationConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)

    def __post_init__(self) -> None:
        if min(self.steps, self.rounds, self.checkpoint_every) < 1 or self.workers < 0:
            raise ValueError("training takes steps, rounds and checkpoint_every from 1, and workers from 0")
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError(f"minutes takes a positive number, got {self.minutes}")
        if not (0 <= self.idle < 1 and 0 <= self.given < 1):
            raise ValueError(f"idle and given take shares in [0, 1), got {self.idle} and {self.given}")
        stride = self.network.stride
        resolutions = [size.resolution for size in self.sizes] + [self.validation.resolution]
        if not self.sizes or any(resolution % stride for resolution in resolutions):
            raise ValueError(f"resolutions are multiples of the network's stride {stride}, got {resolutions}")


def read_config(name: str | Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """A configuration by its shipped name ("smoke") or its path, with changes.

    Parameters
    ----------
    name
        One of `shipped_configs()`, or a YAML file.
    overrides
        ``key=value`` with dots between the levels: ``optimisation.rate=3e-4``, ``sizes=[{resolution: 256}]``. The
        value is YAML.

    Raises
    ------
    FileNotFoundError
        When there is neither such a name nor such a file.
    ValueError
        For an unknown key, or a value that does not fit; the message names it.
    """
    shipped = resources.files(__package__) / "configs" / f"{name}.yaml"
    path = Path(name)
    if not path.is_file() and not shipped.is_file():
        raise FileNotFoundError(f"config takes {', '.join(shipped_configs())} or a YAML file, got {str(name)!r}")
    try:
        values = yaml.safe_load((path if path.is_file() else shipped).read_text("utf-8")) or {}
        for override in overrides:
            _override(values, override)
    except yaml.YAMLError as error:
        raise ValueError(f"config {str(name)!r} is no YAML: {error}") from error
    return build(TrainingConfig, values)


def shipped_configs() -> list[str]:
    """Names of the configurations that come with the package."""
    folder = resources.files(__package__).joinpath("configs")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def write_config(path: Path, config: TrainingConfig) -> None:
    """Write all values, defaults too, as YAML that `read_config` reads; whole, or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(yaml.safe_dump(plain(config), sort_keys=False), encoding="utf-8")
    temporary.replace(path)


def plain(config: Any) -> Any:
    """A configuration as dictionaries, lists and numbers."""
    if dataclasses.is_dataclass(config):
        return {item.name: plain(getattr(config, item.name)) for item in dataclasses.fields(config)}
    if isinstance(config, list | tuple):
        return [plain(item) for item in config]
    if isinstance(config, Mapping):
        return {key: plain(value) for key, value in config.items()}
    return str(config) if isinstance(config, Path) else config


def build(kind: type[T], values: Any, where: str = "") -> T:
    """A dataclass from nested dictionaries, each value checked against its field's type.

    Raises
    ------
    ValueError
        For an unknown key or a wrong value; the message gives its dotted name.
    """
    if isinstance(values, kind):
        return values
    if not isinstance(values, Mapping):
        raise ValueError(f"{where or 'config'} takes keys with values, got {values!r}")  # noqa: TRY004  # all alike
    hints = _hints(kind)
    if unknown := [str(key) for key in values if key not in hints]:
        names = ", ".join(_join(where, key) for key in unknown)
        raise ValueError(f"unknown key {names}; {where or 'the config'} takes {', '.join(hints)}")
    arguments = {key: _convert(hints[key], value, _join(where, key)) for key, value in values.items()}
    try:
        return kind(**arguments)
    except ValueError as error:
        raise ValueError(f"{where}: {error}" if where else str(error)) from error


def _hints(kind: Any) -> dict[str, Any]:
    fields = dataclasses.fields(kind)
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields}


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(arguments, value, where)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{where} takes one of {', '.join(map(str, arguments))}, got {value!r}")
        return value
    if origin is tuple:
        return _convert_tuple(arguments, value, where)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} takes keys with values, got {value!r}")
        return {key: _convert(arguments[1], item, _join(where, str(key))) for key, item in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, value, where)
    return _convert_scalar(hint, value, where)


def _convert_union(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    choices = [argument for argument in arguments if argument is not type(None)]
    for choice in choices[:-1]:
        with suppress(ValueError):
            return _convert(choice, value, where)
    return _convert(choices[-1], value, where)


def _convert_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where} takes a list, got {value!r}")  # noqa: TRY004  # all alike
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        arguments = (arguments[0],) * len(value)
    if len(value) != len(arguments):
        raise ValueError(f"{where} takes {len(arguments)} values, got {value!r}")
    return tuple(
        _convert(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(arguments, value, strict=True))
    )


def _convert_scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and not isinstance(value, bool):
        try:
            return float(value)  # YAML 1.1 reads 1e-3 as text
        except (TypeError, ValueError):
            pass
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise ValueError(f"{where} takes {getattr(kind, '__name__', kind)}, got {value!r}")


def _override(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ValueError(f"a change takes the form key=value, got {override!r}")
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ValueError(f"{key} cannot be set: {parent} is no group of keys")  # noqa: TRY004  # all alike
    values[last] = yaml.safe_load(text)
