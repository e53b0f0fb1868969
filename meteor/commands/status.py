"""`meteor status`: stages done, running and to come; cost so far; last errors. Asks no model, and
waits for no lock, so that it answers while a run goes on.
"""

import argparse
import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.core.params import PARAMS_FILE, Params, load_params
from meteor.core.shown import shown
from meteor.core.yaml12 import parse_yaml
from meteor.pipeline import PIPELINE, Lineage, Locked, read_lineage, stage_names, value_of
from meteor.running.processes import lives
from meteor.running.status import FOLDER
from meteor.transport.ledger import Ledger, ledger_path


@dataclass(frozen=True)
class Line:
    """Where one stage is: done, changed, running, stopped, failed or to come."""

    stage: str
    state: str
    note: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor status`: it has no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print a line a stage, the cost, and the errors of failed stages."""
    params = load_params()
    lines = list(status(PIPELINE, Path(PARAMS_FILE)))
    for line in lines:
        print(shown(f"{line.state:8} {line.stage:20} {line.note}".rstrip()))
    counts = {state: sum(line.state == state for line in lines) for state in _ORDER}
    print(", ".join(f"{count} {state}" for state, count in counts.items() if count))
    print(spent(params))


_ORDER = ("done", "changed", "running", "stopped", "failed", "to come")


def status(file: Path, params_file: Path) -> Iterator[Line]:
    """The stages in the order of dvc.yaml. `done` compares hashes of data, parameters and single
    files of code with dvc.lock; `dvc status` also looks into folders.
    """
    lineage, params = read_lineage(), parse_yaml(params_file.read_text(encoding="utf-8"))
    for stage in stage_names(params, file):
        told = _told(stage)
        locked = lineage.stages.get(stage)
        if told.get("state") == "running":
            alive = lives(str(told.get("process", "")))
            yield Line(stage, "running" if alive else "stopped", _progress(told))
        elif told.get("state") == "failed":
            yield Line(stage, "failed", str(told.get("error") or "").strip())
        elif locked is None:
            yield Line(stage, "to come")
        elif absent := _absent(locked, lineage):
            yield Line(stage, "to come", f"{absent} is not here")
        else:
            why = _changed(locked, lineage, params)
            yield Line(stage, "changed" if why else "done", why)


def _told(stage: str) -> dict[str, Any]:
    """What the stage's own file says; empty where there is none, or it is being replaced."""
    try:
        told = json.loads((FOLDER / "stages" / f"{stage}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _progress(told: dict[str, Any]) -> str:
    """What is under way, how far, how quick, and the time left."""
    done, total = told.get("done") or 0, told.get("total") or 0
    begun, seen = (datetime.datetime.fromisoformat(told[key]) for key in ("started", "updated"))
    seconds = (seen - begun).total_seconds()
    up, of = told.get("workers") or (0, 0)
    workers = f", {up} of {of} workers" if of else ""
    if not total:
        return f"since {begun:%H:%M:%S} UTC{workers}"
    note = f"{told.get('what')}: {done}/{total}"
    if done and seconds:
        note += f", {done / seconds:.2f}/s, {(total - done) * seconds / done:.0f} s left"
    return note + workers


def _absent(locked: Locked, lineage: Lineage) -> str:
    """What a stage wrote, or reads of others, and is not in this workspace; empty for nothing."""
    paths = [*locked.writes, *lineage.data(locked)]
    return next((path for path in paths if not Path(path).exists()), "")


def _changed(locked: Locked, lineage: Lineage, params: Any) -> str:
    """What differs from when the stage ended; empty for nothing."""
    for key, value in locked.params.items():
        if value_of(params, key) != value:
            return f"parameter {key}"
    for path, md5 in locked.reads.items():
        made = lineage.hash(path)
        if made is not None and made != md5:
            return path
        if path.endswith(".py") and _md5(Path(path)) != md5:
            return path
    return ""


def _md5(file: Path) -> str | None:
    try:
        return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    except OSError:
        return None


def spent(params: Params) -> str:
    """What the latest run has paid, beside its budget."""
    budget = params.api.max_cost.run
    of = "no budget is set" if budget is None else f"budget {budget:g}"
    try:
        name = json.loads((FOLDER / "run.json").read_text(encoding="utf-8"))["run"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"cost: no run is recorded ({of})"
    if not ledger_path().exists():
        return f"cost: 0 ({of})"
    with Ledger() as ledger:
        unpriced = ledger.unpriced(name)
        missing = f"; {unpriced} replies had no price: api.prices"
        return f"cost: {ledger.spent(name):.4f} ({of}{missing if unpriced else ''})"
