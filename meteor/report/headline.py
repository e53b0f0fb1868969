"""The headline: the last judged checkpoint against base, and what the run took."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from meteor.core.likelihood import nats_per_token
from meteor.evaluation.preferences import mean
from meteor.evaluation.scores import reference_nll
from meteor.pipeline import Lineage
from meteor.report.accounts import Total
from meteor.report.gathering import BASE, Checkpoint, Run
from meteor.running.status import FOLDER

NOTES = FOLDER / "stages"
SIZES = (("EFLOPs", 1e18), ("PFLOPs", 1e15), ("TFLOPs", 1e12), ("GFLOPs", 1e9))


@dataclass(frozen=True)
class Tile:
    """One number of the headline."""

    label: str
    value: str
    note: str = ""


def tiles(run: Run, lineage: Lineage, paid: Sequence[Total]) -> list[Tile]:
    """Wins, scores, likelihood and computation of an answer, base to last; then cost (`paid` are
    the sums of this run's stages), hours and computation of the run.
    """
    return [*_results(run), *_price(run, lineage, paid)]


def _results(run: Run) -> list[Tile]:
    found = _correct(run)
    if all(c.control for c in run.judged):
        return found
    last, base = [c for c in run.judged if not c.control][-1], run.base
    if won := last.wins(BASE, "overall") if last is not base else None:
        note = f"ties half; 95%: {won.low:.0%} to {won.high:.0%}"
        found.append(Tile(f"{last.name} wins against base", f"{won.mean:.0%}", note))
    both = [base, last] if base and last is not base else [last]
    scores = [c.score() for c in both]
    ends = f"; 95%: {scores[-1].low:.2f} to {scores[-1].high:.2f}" if scores[-1] else ""
    means = [score.mean if score else None for score in scores]
    found += _change("overall score", f"1 to 10{ends}", means, 2)
    found += _change(
        "NLL of experts' answers",
        "nats a token, lower is better",
        [reference_nll(list(c.answers.values())) for c in both],
    )
    found += _change(
        "NLL of general texts",
        "what training costs the rest, lower is better",
        [nats_per_token(c.general) for c in both],
    )
    found += _change("TFLOPs an answer", "computation of one answer", [_tflops(c) for c in both])
    return found


def _correct(run: Run) -> list[Tile]:
    """Right answers, base to last, where a verifier knows."""
    known = [c for c in run.phases if c.right]
    if not known or (last := known[-1].correct()) is None:
        return []
    first = known[0].correct() if known[0].name == BASE and known[1:] else None
    shown = " → ".join(f"{each.mean:.0%}" for each in (first, last) if each)
    note = f"{known[-1].name}, by the verifier; 95%: {last.low:.0%} to {last.high:.0%}"
    return [Tile("right answers", shown, note)]


def _change(label: str, note: str, values: Sequence[float | None], digits: int = 3) -> list[Tile]:
    known = [value for value in values if value is not None]
    shown = " → ".join(dict.fromkeys(f"{value:.{digits}f}" for value in known))
    return [Tile(label, shown, note)] if known else []


def _tflops(checkpoint: Checkpoint) -> float | None:
    return mean([a.flops / 1e12 for a in checkpoint.answers.values() if a.flops is not None])


def _price(run: Run, lineage: Lineage, paid: Sequence[Total]) -> list[Tile]:
    """What the run took: nothing of it before the first stage has ended."""
    if not run.rows:
        return []
    found = [_cost(paid)]
    if took := stage_seconds(lineage):
        note = f"{_count(len(took), 'stage')}, as they last ran on this machine"
        found.append(Tile("time of the stages", _duration(sum(took.values())), note))
    trained = {name: row for name, row in run.rows.items() if row.get("trainings")}
    if trained:
        seconds = sum(row["seconds"] for row in trained.values())
        each = [training for row in trained.values() for training in row["trainings"]]
        note = f"the steps of {_count(len(each), 'training')}"
        found.append(Tile("training time", _duration(seconds), note))
        flops = sum(training.get("flops") or 0.0 for training in each)
        if flops:
            found.append(Tile("training FLOPs", _flops(flops), "computation of all trainings"))
    return found


def _cost(paid: Sequence[Total]) -> Tile:
    if not paid:
        return Tile("paid", "nothing", "by the ledger of this machine")
    note = f"{_count(sum(total.calls for total in paid), 'call')}, by the ledger of this machine"
    if unpriced := sum(total.unpriced for total in paid):
        note += f"; {unpriced} without a price"
    return Tile("paid", f"{sum(total.cost for total in paid):.2f}", note)


def stages_here(lineage: Lineage) -> set[str]:
    """The stages of this run: those that have ended, and those that were begun in this folder. The
    ledger may also hold calls of other projects.
    """
    return {*lineage.stages, *(file.stem for file in NOTES.glob("*.json"))}


def stage_seconds(lineage: Lineage) -> dict[str, float]:
    """How long each finished stage took when it last ran here, as `meteor.running.status` notes it;
    stages that came from a cache or a remote have no note. The stages `score@…` share one.
    """
    known = {*lineage.stages, *(name.split("@")[0] for name in lineage.stages)}
    found = {}
    for file in sorted(NOTES.glob("*.json")):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            begun, ended = (datetime.fromisoformat(told[key]) for key in ("started", "updated"))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it is being replaced, or another program's
        if told.get("state") == "finished" and file.stem in known:
            found[file.stem] = (ended - begun).total_seconds()
    return found


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _flops(value: float) -> str:
    unit, size = next(((unit, size) for unit, size in SIZES if value >= size), SIZES[-1])
    return f"{value / size:.3g} {unit}"
