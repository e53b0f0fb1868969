"""Observers: who wants to know how a stage is getting on, and what they are told.

An observer is a module `plugins/observer/<name>.py` with functions decorated by `@hookimpl`. It
implements any of the hooks below and takes only the arguments that it needs. All observers that
`params.yaml` lists under `observers` hear every event, side by side. One that raises is logged
once and told nothing more in that stage; the stage goes on. No stage tracks observers, so that a
change of them re-runs nothing. Everything here happens in the process of the stage.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl, hookspec
from meteor.core.params import Params
from meteor.core.roles import find_plugin
from meteor.running.processes import run_name
from meteor.running.status import Status, begins

log = logging.getLogger("meteor")
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


@dataclass
class Observers:
    """The observers of one stage."""

    stage: str
    managers: dict[str, pluggy.PluginManager]
    summary: dict[str, Any] = field(default_factory=dict)

    def tell(self, event: str, **facts: Any) -> None:
        """Tell every observer; one that raises is logged and left out from then on."""
        for name, manager in list(self.managers.items()):
            try:
                getattr(manager.hook, event)(stage=self.stage, **facts)
            except Exception as error:
                del self.managers[name]
                log.warning(
                    "observer plugin %r: %s raised %s: %s; it is told nothing more of this stage",
                    *(name, event, type(error).__name__, error),
                )


_present = Observers("", {})


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
def observing(params: Params, stage: str) -> Iterator[None]:
    """Tell the observers of params.yaml when a stage begins and how it ends."""
    global _present
    managers = {name: load_observer(name) for name in params.observers}
    _present = Observers(stage, {"status": load_observer("status", Status()), **managers})
    started = time.monotonic()
    if begins(run := run_name()):
        _present.tell("run_started", run=run, params=params)
    _present.tell("stage_started", params=params)
    try:
        yield
    except BaseException as error:
        text = "stopped" if isinstance(error, KeyboardInterrupt) else str(error) or repr(error)
        _present.tell("stage_failed", seconds=time.monotonic() - started, error=text)
        raise
    else:
        seconds = time.monotonic() - started
        _present.tell("stage_finished", seconds=seconds, summary=_present.summary)
    finally:
        _present = Observers("", {})


def track(rows: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield `rows` unchanged and tell the observers how far they are."""
    _present.tell("rows_done", what=what, done=0, total=total)
    for done, row in enumerate(rows, start=1):
        _present.tell("rows_done", what=what, done=done, total=total)
        yield row


def tell_checkpoint(checkpoint: Path, report: Mapping[str, Any]) -> None:
    """Tell the observers of a new checkpoint."""
    _present.tell("checkpoint_written", checkpoint=checkpoint, report=report)


def summarised(summary: Mapping[str, Any]) -> None:
    """Keep what a stage says about itself, for its observers at its end."""
    _present.summary.update(summary)


__all__ = [
    "Observers",
    "check_observers",
    "hookimpl",
    "load_observer",
    "observing",
    "summarised",
    "tell_checkpoint",
    "track",
]
