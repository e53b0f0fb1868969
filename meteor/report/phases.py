"""What a point of accuracy cost: what each phase and each control took, beside what it gained.

Which stages are behind a checkpoint says `dvc.lock`; what they wrote and trained say their
summaries, how long they took the notes of this machine, and what was paid its ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.evaluation.correctness import Right, correctness
from meteor.pipeline import Lineage, Locked
from meteor.report.accounts import Total
from meteor.report.headline import stage_seconds

BEHIND = {
    "finetune": ("guideline", "distill"),
    "reteach": ("revise",),
    "iterate": (),
    "selftrain": ("pairs", "vet"),
    "retrain": ("lessons",),
    "shuffle": (),
}
"""The stages that train a checkpoint, and those whose work it alone is for."""
CONTROLS = {"retrain", "shuffle"}
WRITES = {"guideline", "distill", "revise", "iterate", "pairs"}
"""Stages that have models write. Their summary says how much; one of an older version does not."""
ASKS = {*WRITES, "vet"}
"""Stages that may pay. One that did not run on this machine may have been paid elsewhere."""
LEVEL = 0.05
"""A gain is shown where its p value is below it; else nobody knows what a point of it cost."""
COLUMNS = (
    *("checkpoint", "from", "tokens written", "tokens trained", "TFLOP", "minutes", "paid"),
    *("over base, %", "right, %", "points", "p", "TFLOP a point", "paid a point"),
)


@dataclass(frozen=True)
class Phase:
    """A checkpoint, the one that it was trained from, and the stages behind it."""

    checkpoint: str
    start: str
    control: bool
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Spent:
    """What a phase took: tokens that were written, tokens of answers that trained (each as often
    as it did), FLOPs of models of one's own, seconds, and money. None: not known.
    """

    written: int | None
    trained: int | None
    flops: float | None
    seconds: float | None
    paid: float | None


@dataclass(frozen=True)
class Gain:
    """The share of right answers, and what of it came with the phase, in points of a hundred;
    `p`: McNemar's exact test, for this phase alone. None: not known.
    """

    right: float | None = None
    points: float | None = None
    p: float | None = None

    @property
    def shown(self) -> bool:
        """Whether so large a gain comes by chance in few cases."""
        return self.p is not None and self.p < LEVEL and (self.points or 0.0) > 0


def phases(lineage: Lineage) -> list[Phase]:
    """What was trained, each after what it was trained from; controls last."""
    found = {}
    for stage in lineage.stages.values():
        kind, at, name = stage.name.partition("@")
        start = Path(stage.arguments.get("start", ""))
        made = next((path for path in stage.writes if Path(path).parent == start.parent), None)
        if kind in BEHIND and start.name and made:
            behind = tuple(f"{each}{at}{name}" for each in (*BEHIND[kind], kind))
            its = Phase(Path(made).name, start.name, kind in CONTROLS, behind)
            found[its.checkpoint] = its
    return sorted(found.values(), key=lambda each: (each.control, _depth(each, found)))


def _depth(phase: Phase, found: Mapping[str, Phase]) -> int:
    before = found.get(phase.start)
    return 1 + _depth(before, found) if before else 0


def spent(
    phase: Phase,
    rows: Mapping[str, Mapping[str, Any]],
    seconds: Mapping[str, float],
    paid: Sequence[Total],
    lineage: Lineage,
) -> Spent:
    """What a phase took. `rows` are the summaries of stages, `seconds` how long they took."""
    stages = [lineage.stages[name] for name in phase.stages if name in lineage.stages]
    summaries = [(stage, rows.get(stage.name.replace("@", "-"), {})) for stage in stages]
    wrote = [summary.get("written", {}) for _, summary in summaries]
    trainings = [each for _, summary in summaries for each in summary.get("trainings", ())]
    untold = any(_writes(stage) and "written" not in summary for stage, summary in summaries)
    untrained = "trainings" not in rows.get(phase.stages[-1].replace("@", "-"), {})
    uncounted = untrained or any(each.get("flops") is None for each in trainings)
    calls = [total for total in paid if total.stage in phase.stages]
    told = {*seconds, *(total.stage for total in calls)}
    elsewhere = any(_kind(stage) in ASKS and stage.name not in told for stage in stages)
    took = [seconds.get(stage.name) for stage in stages]
    known = [each for each in took if each is not None]
    return Spent(
        written=None if untold else sum(each.get("tokens", 0) for each in wrote),
        trained=None
        if untrained
        else round(sum(each["tokens"] * each["epochs"] for each in trainings)),
        flops=None
        if untold or uncounted
        else sum(each.get("flops") or 0.0 for each in (*wrote, *trainings)),
        seconds=sum(known) if len(known) == len(took) else None,
        paid=None
        if elsewhere or any(total.unpriced for total in calls)
        else sum(total.cost for total in calls),
    )


def _writes(stage: Locked) -> bool:
    """Whether a model is asked to write: not for guidelines that are switched off."""
    kind = _kind(stage)
    return kind in WRITES and stage.params.get(kind, {}).get("enabled", True)


def _kind(stage: Locked) -> str:
    return stage.name.partition("@")[0]


def gain(phase: Phase, right: Mapping[str, Right]) -> Gain:
    """What a checkpoint answers rightly, and how much more than the one that it comes from."""
    ours, theirs = right.get(phase.checkpoint, {}), right.get(phase.start, {})
    if not ours:
        return Gain()
    share = sum(ours.values()) / len(ours)
    row = correctness(phase.checkpoint, phase.start, "all", ours, theirs)
    if row.correct is None or row.before is None:
        return Gain(share)
    return Gain(share, 100 * (row.correct - row.before), row.p)


def table(
    lineage: Lineage,
    rows: Mapping[str, Mapping[str, Any]],
    paid: Sequence[Total],
    right: Mapping[str, Right],
    wins: Mapping[str, float],
) -> list[tuple[object, ...]]:
    """A line for each phase and control below a line of names, without columns of which nothing is
    known; empty before anything was trained. `wins` are win rates over base.
    """
    lines: list[tuple[object, ...]] = []
    seconds = stage_seconds(lineage)
    for phase in phases(lineage):
        took, got = spent(phase, rows, seconds, paid, lineage), gain(phase, right)
        points = got.points if got.shown else None
        lines.append(
            (
                f"{phase.checkpoint} (control)" if phase.control else phase.checkpoint,
                phase.start,
                took.written,
                took.trained,
                _part(took.flops, 1e12),
                _part(took.seconds, 60),
                took.paid,
                _part(wins.get(phase.checkpoint), 0.01),
                _part(got.right, 0.01),
                got.points,
                got.p,
                _part(_part(took.flops, 1e12), points),
                _part(took.paid, points),
            )
        )
    known = [n for n in range(len(COLUMNS)) if any(line[n] is not None for line in lines)]
    whole: list[tuple[object, ...]] = [COLUMNS, *lines]
    return [tuple(_short(line[n]) for n in known) for line in whole] if lines else []


def _part(value: float | None, of: float | None) -> float | None:
    return None if value is None or of is None else value / of


def _short(value: object) -> object:
    """A number that is no count, to three digits."""
    return float(f"{value:.3g}") if isinstance(value, float) else value
