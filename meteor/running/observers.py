"""Observers: who wants to know how a stage is getting on, and what they are told.

An observer is a module `plugins/observer/<name>.py` with functions decorated by `@hookimpl`. It
implements any of the hooks below and takes only the arguments that it needs. All observers that
`params.yaml` lists under `observers` hear every event, side by side. One that raises is logged
once and told nothing more in that stage; the stage goes on. No stage tracks observers, so that a
change of them re-runs nothing. Everything here happens in the process of the stage.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl, hookspec
from meteor.core.params import Params
from meteor.core.roles import find_plugin
from meteor.running.context import present
from meteor.running.processes import run_name
from meteor.running.status import Status, begins

T = TypeVar("T")
OBSERVER = "observer"
"""The folder under `plugins/`, and the role's name."""


@hookspec
def run_started(run: str, params: Params) -> None:
    """The first stage of a `dvc repro` begins. `run` names the run; it is another for each."""


@hookspec
def stage_started(stage: str, params: Params) -> None:
    """A stage begins: its settings are valid and its plugins are loaded. `stage` is its name in
    `dvc.yaml`, as `iterate@r1`.
    """


@hookspec
def rows_done(stage: str, what: str, done: int, total: int) -> None:
    """`done` of `total` rows of one piece of work are there: the answers of the hook `what`, or the
    optimizer steps of a training. Told with 0 first, then after each row, thousands of times a
    second where rows are quick; the total of answers may not be reached where a stage fails.
    """


@hookspec
def workers_changed(stage: str, up: int, of: int) -> None:
    """Where `compute.engine` is ray: so many of its workers are up, of so many. 0 of 0: their work
    is done, and they have ended.
    """


@hookspec
def checkpoint_written(stage: str, checkpoint: Path, report: Mapping[str, Any]) -> None:
    """A training has written the folder `checkpoint` and passed the guards. `report` is a
    `meteor.training.jobs.Report` as a mapping. A round of phase 2 tells each of its fine-tunings.
    """


@hookspec
def stage_finished(stage: str, seconds: float, summary: Mapping[str, Any]) -> None:
    """A stage has written all its outs, `seconds` after it began. `summary` is what it says about
    itself: the accounting of its rows, or the metrics of a checkpoint.
    """


@hookspec
def stage_failed(stage: str, seconds: float, error: str) -> None:
    """A stage ended with an error, or was stopped."""


def load_observer(name: str, module: Any = None) -> pluggy.PluginManager:
    """Hold one observer against the hooks. Raises SettingsError for a name or hook that is not
    known.
    """
    import meteor.running.observers as specs

    manager = pluggy.PluginManager("meteor")
    manager.add_hookspecs(specs)
    try:
        manager.register(module or find_plugin(OBSERVER, name), name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise SettingsError(f"observer plugin {name!r}: {' '.join(str(error).split())}") from None
    return manager


def check_observers(params: Params) -> None:
    """Load every observer that params.yaml lists. Raises SettingsError as `load_observer`."""
    for name in params.observers:
        load_observer(name)


@contextmanager
def observing(params: Params) -> Iterator[None]:
    """Tell the observers of params.yaml when the present stage begins and how it ends."""
    context = present()
    chosen = {name: load_observer(name) for name in params.observers}
    context.observers.update({"status": load_observer("status", Status()), **chosen})
    started = time.monotonic()
    if begins(run := run_name()):
        context.tell("run_started", run=run, params=params)
    context.tell("stage_started", params=params)
    try:
        yield
    except BaseException as error:
        text = "stopped" if isinstance(error, KeyboardInterrupt) else str(error) or repr(error)
        context.tell("stage_failed", seconds=time.monotonic() - started, error=text)
        raise
    else:
        seconds = time.monotonic() - started
        context.tell("stage_finished", seconds=seconds, summary=context.summary)
    finally:
        context.observers.clear()


def track(rows: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield `rows` unchanged and tell the observers how far they are."""
    present().tell("rows_done", what=what, done=0, total=total)
    for done, row in enumerate(rows, start=1):
        present().tell("rows_done", what=what, done=done, total=total)
        yield row


def tell_checkpoint(checkpoint: Path, report: Mapping[str, Any]) -> None:
    """Tell the observers of a new checkpoint."""
    present().tell("checkpoint_written", checkpoint=checkpoint, report=report)


def tell_workers(up: int, of: int) -> None:
    """Tell the observers how many workers are up."""
    present().tell("workers_changed", up=up, of=of)


def summarised(summary: Mapping[str, Any]) -> None:
    """Keep what a stage says about itself, for its observers at its end."""
    present().summary.update(summary)


__all__ = [
    "check_observers",
    "hookimpl",
    "load_observer",
    "observing",
    "summarised",
    "tell_checkpoint",
    "tell_workers",
    "track",
]
