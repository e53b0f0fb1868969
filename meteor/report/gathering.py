"""What there is to show: the files of a run, whole or half done. What is not there is named."""

import csv
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.judgements import Aspect, Judgement, Preference
from meteor.core.records import Answer, Likelihood, Question, Record, Refinement
from meteor.core.verdicts import Verdict
from meteor.evaluation.correctness import Right, right
from meteor.evaluation.intervals import proportion_interval, score_interval, share_interval
from meteor.evaluation.preferences import sources

R = TypeVar("R", bound=Record)
BASE = "base"
"""The checkpoint before any training."""


@dataclass(frozen=True)
class Paths:
    """Where a run's files lie: a file of held-out questions, and folders with a file a checkpoint,
    a round, a stage or a training.
    """

    questions: Path
    answers: Path
    judgements: Path
    preferences: Path
    likelihoods: Path
    verdicts: Path
    refinements: Path
    rows: Path
    training: Path
    strategies: Path
    gates: Path
    health: Path
    quality: Path


@dataclass(frozen=True)
class Estimate:
    """A mean over questions, and its 95 % interval."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint with what it answered and how that was judged, by id of the question."""

    name: str
    answers: Mapping[str, Answer]
    judgements: Mapping[str, Judgement]
    preferences: Sequence[Preference] = ()
    general: Sequence[Likelihood] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    control: bool = False
    """Whether it stands beside the phases, to be compared with them."""

    @cached_property
    def right(self) -> Right:
        """What the verifier knows of the answers."""
        return right(self.verdicts.values())

    def correct(self) -> Estimate | None:
        """The share of right answers; None where no verifier knows."""
        hits, number = sum(self.right.values()), len(self.right)
        return Estimate(hits / number, *proportion_interval(hits, number)) if number else None

    def wins(self, other: str, aspect: Aspect) -> Estimate | None:
        """The win rate over another checkpoint; None where they were not compared."""
        rows = [row for row in self.preferences if row.against == other]
        shares = [row.share(aspect) for row in rows]
        found = share_interval(shares, [self._source.get(row.id, row.id) for row in rows])
        return Estimate(sum(shares) / len(shares), *found) if shares else None

    def score(self) -> Estimate | None:
        """The mean overall score."""
        scores = [row.scores.overall for row in self.judgements.values()]
        found = score_interval(scores, [self._source.get(name, name) for name in self.judgements])
        return Estimate(sum(scores) / len(scores), *found) if scores else None

    @cached_property
    def _source(self) -> dict[str, str]:
        return sources([answer.question for answer in self.answers.values()])


@dataclass
class Run:
    """All that the report shows. `missing` says in plain words what is not there yet."""

    paths: Paths
    questions: list[Question]
    checkpoints: list[Checkpoint]
    refinements: dict[str, list[Refinement]]
    rows: dict[str, dict[str, Any]]
    training: dict[str, list[dict[str, float]]]
    strategies: list[dict[str, str]] = field(default_factory=list)
    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    health: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def phases(self) -> list[Checkpoint]:
        """The checkpoints but the controls, in the order of the phases."""
        return [checkpoint for checkpoint in self.checkpoints if not checkpoint.control]

    @property
    def judged(self) -> list[Checkpoint]:
        """The checkpoints that a judge has scored."""
        return [checkpoint for checkpoint in self.checkpoints if checkpoint.judgements]

    @property
    def base(self) -> Checkpoint | None:
        """The model before any training, once it is judged."""
        return next((c for c in self.judged if c.name == BASE), None)


def gather(
    paths: Paths, evaluate: Sequence[str], rounds: Sequence[str], controls: Collection[str]
) -> Run:
    """Read what there is. Raises MeteorError for a file that is there and cannot be read."""
    run = Run(paths, [], [], {}, {}, {})
    run.questions = _records(paths.questions, Question, "the held-out questions", run)
    for name in evaluate:
        answers = _records(paths.answers / f"{name}.jsonl", Answer, f"the answers of {name}", run)
        judged = _records(
            paths.judgements / f"{name}.jsonl", Judgement, f"the judgements of {name}", run
        )
        compared = _records(
            paths.preferences / f"{name}.jsonl", Preference, f"the comparisons of {name}", run
        )
        verified = _records(
            paths.verdicts / f"{name}.jsonl", Verdict, f"the verdicts on {name}", run
        )
        by_id = {row.id: row for row in answers}
        general = _records(
            paths.likelihoods / f"{name}.jsonl", Likelihood, f"general likelihoods of {name}", run
        )
        scored = {row.id: row for row in judged}
        said = {row.id: row for row in verified}
        run.checkpoints.append(
            Checkpoint(name, by_id, scored, compared, general, said, name in controls)
        )
    for name in rounds:
        file = paths.refinements / f"{name}.jsonl"
        if found := _records(file, Refinement, f"the attempts of {name}", run):
            run.refinements[name] = found
    run.rows = summaries(paths.rows)
    for file in sorted(paths.training.glob("*.csv"), key=lambda file: _place(file, evaluate)):
        run.training[file.stem] = _losses(file)
    for file in sorted(paths.strategies.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            run.strategies += csv.DictReader(lines)
    for file in sorted(paths.gates.glob("*.json"), key=lambda file: _place(file, evaluate)):
        run.gates[file.stem] = _json(file)
    run.health = _one(paths.health, "the judge's health", run)
    run.quality = _one(paths.quality, "the quality of the distilled answers", run)
    return run


def summaries(folder: Path) -> dict[str, dict[str, Any]]:
    """What stages say of their rows, by the file's name: `iterate-r1`."""
    return {file.stem: _json(file) for file in sorted(folder.glob("*.json"))}


def _place(file: Path, evaluate: Sequence[str]) -> tuple[int, str]:
    """The files of checkpoints in the order of the phases, then those of others by name."""
    known = file.stem in evaluate
    return (evaluate.index(file.stem) if known else len(evaluate), file.stem)


def _records(file: Path, kind: type[R], what: str, run: Run) -> list[R]:
    if not file.exists():
        run.missing.append(what)
        return []
    return list(read_records(file, kind))


def _one(file: Path, what: str, run: Run) -> dict[str, Any]:
    if not file.exists():
        run.missing.append(what)
        return {}
    return _json(file)


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MeteorError(f"{file}: not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise MeteorError(f"{file}: a JSON object is due, got {type(value).__name__}")
    return value


def _losses(file: Path) -> list[dict[str, float]]:
    """Step and loss of each step; other columns are left out."""
    rows = []
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                rows.append({"step": float(row["step"]), "loss": float(row["loss"])})
            except (KeyError, TypeError, ValueError):
                raise MeteorError(f"{file}:{number}: columns step and loss are due") from None
    return rows
