"""Many independent calls at once through Dask: on threads of this process, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

from scribbleprompt_widget.extras import require

__all__ = ["Progress", "compute"]

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")
Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many calls are done, and how many there are."""


def compute(
    call: Callable[[Shared, str, Item], Result],
    shared: Sequence[tuple[Shared, str]],
    items: Sequence[Item],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[list[Result]]:
    """``[[call(*pair, item) for item in items] for pair in shared]``, in parallel.

    Parameters
    ----------
    call
        What to do; it must not depend on where or in which order it runs. A cluster gets it, `shared` and `items` by
        pickle.
    shared
        What many calls have in common, a predictor and a protocol's name; sent to each worker once.
    items
        One for each call; sent once.
    scheduler
        Address of a Dask scheduler ("tcp://host:8786"), which needs the extra ``scale``; None: threads here.
    workers
        Threads at most, one for each core by default. A cluster has its own.
    progress
        Told after each call.

    Raises
    ------
    MissingExtraError
        When Dask (extra ``evaluate``), or for a cluster distributed (extra ``scale``), is not installed.
    OSError
        When no scheduler answers at that address.
    ValueError
        When `workers` is less than 1, or given with a scheduler.
    """
    if workers is not None and (workers < 1 or scheduler is not None):
        raise ValueError(f"workers takes 1 or more threads, and no scheduler beside it; got {workers}")
    total = len(shared) * len(items)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    if scheduler is None:
        return _on_threads([[partial(call, *pair, item) for item in items] for pair in shared], workers, tell)
    return _on_cluster(call, shared, items, scheduler, tell)


def _on_threads(
    calls: Sequence[Sequence[Callable[[], Result]]], workers: int | None, tell: Callable[[], None]
) -> list[list[Result]]:
    dask, callbacks = require("dask"), require("dask.callbacks")
    # Without arguments: Dask would look for its own objects inside them.
    later = [[dask.delayed(call, pure=False)() for call in row] for row in calls]
    with callbacks.Callback(posttask=lambda *_: tell()):  # on this thread
        return list(dask.compute(*later, scheduler="threads", num_workers=workers))


def _on_cluster(
    call: Callable[[Shared, str, Item], Result],
    shared: Sequence[tuple[Shared, str]],
    items: Sequence[Item],
    scheduler: str,
    tell: Callable[[], None],
) -> list[list[Result]]:
    distributed = require("distributed")
    with distributed.Client(scheduler, set_as_default=False) as client:
        sent = client.scatter(list(items), hash=False)
        # A predictor stands in several pairs, once for each protocol.
        ones = {id(one): one for one, _ in shared}
        common = {key: client.scatter(one, broadcast=True, hash=False) for key, one in ones.items()}
        futures = [
            [client.submit(call, common[id(one)], name, item, pure=False) for item in sent] for one, name in shared
        ]
        for _ in distributed.as_completed([future for row in futures for future in row], loop=client.loop):
            tell()
        return list(client.gather(futures))
