"""Where a stage is: a small JSON file a stage, for whoever looks from outside.

`.meteor/stages/<stage>.json` is written whole, at most once a second and when the stage begins,
fails and ends. It is ignored by git and DVC. Its keys:

- `stage`: the name in dvc.yaml (`iterate@r1`).
- `state`: `running`, `finished` or `failed`. A stage that was killed stays `running`: ask
  `meteor.running.processes.lives(process)`.
- `process`: the process's name; `run`: the run's (both as `meteor.running.processes` gives them).
- `started`, `updated`: ISO 8601, UTC.
- `what`, `done`, `total`: the piece of work under way (a hook's name, or `training <checkpoint>`)
  and its rows or optimizer steps; null, 0, 0 before the first.
- `workers`: of a Ray cluster, how many are up and of how many (`[1, 2]`); null where none is used.
- `error`: the message with which the stage failed (`stopped` for Ctrl-C), else null.

`.meteor/run.json` holds the name of the latest run (`run`) and when it began (`started`).
"""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import write_json
from meteor.running.processes import process_name, run_name

FOLDER = Path(".meteor")
EVERY = 1.0
"""Least seconds between two writes."""


class Status:
    """The observer that writes the file; it is always there."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.written = 0.0

    @hookimpl
    def stage_started(self, stage: str) -> None:
        """A stage begins."""
        self.state = {
            "stage": stage,
            "state": "running",
            "process": process_name(os.getpid()),
            "run": run_name(),
            "started": _now(),
            "updated": _now(),
            **{"what": None, "done": 0, "total": 0, "workers": None, "error": None},
        }
        self._write()

    @hookimpl
    def rows_done(self, what: str, done: int, total: int) -> None:
        """Rows are done; told to the file now and then."""
        self.state.update(what=what, done=done, total=total)
        if time.monotonic() - self.written >= EVERY:
            self._write()

    @hookimpl
    def workers_changed(self, up: int, of: int) -> None:
        """Workers have come up, or gone."""
        self.state["workers"] = [up, of] if of else None
        self._write()

    @hookimpl
    def stage_finished(self) -> None:
        """All went well."""
        self.state["state"] = "finished"
        self._write()

    @hookimpl
    def stage_failed(self, error: str) -> None:
        """It did not."""
        self.state.update(state="failed", error=error)
        self._write()

    def _write(self) -> None:
        self.written = time.monotonic()
        self.state["updated"] = _now()
        write_json(FOLDER / "stages" / f"{self.state['stage']}.json", self.state)


def begins(run: str) -> bool:
    """Whether a run has only now begun in this workspace; the next call says no."""
    file = FOLDER / "run.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8")).get("run") == run
    except (OSError, ValueError, AttributeError):
        known = False
    if not known:
        write_json(file, {"run": run, "started": _now()})
    return not known


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
