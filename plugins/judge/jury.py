"""A jury: several judges are asked, and the majority or the mean counts.

Each is any judge of this project under a name of your own. What each of them said is kept in the
verdict (`votes`), so that `metrics/judge.json` can tell how far they agree. DVC tracks this file
and all settings; add the files of the judges to the stages in dvc.yaml where you edit them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any, Literal, TypeVar

from pydantic import model_validator

from meteor.core.comparisons import verdicts_on
from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import (
    ASPECTS,
    DIMENSIONS,
    Aspect,
    Compared,
    Comparison,
    Dimension,
    Judgement,
    Scores,
    Shares,
)
from meteor.core.records import Answer, Failed
from meteor.core.roles import Plugin, find_plugin, load_plugin
from meteor.core.settings import Field, Settings

Verdict = TypeVar("Verdict", Judgement, Compared)


class Member(Settings):
    """One judge of the jury."""

    plugin: str = Field(description="a judge: the name of a file under plugins/judge")
    settings: dict[str, Any] = Field(default_factory=dict, description="its settings")

    def load(self) -> Plugin:
        """The judge. Raises SettingsError as `load_role`."""
        module = find_plugin("judge", self.plugin)
        return load_plugin("judge", self.plugin, module, self.settings)


class Jury(Settings):
    """Several judges."""

    judges: dict[str, Member] = Field(min_length=2, description="judges by a name of your own")
    verdict: Literal["majority", "mean"] = Field(
        "majority", description="what counts; of scores, the median or the mean"
    )
    quorum: int | None = Field(
        None, gt=0, description="judges that must have a verdict on a row; null: all"
    )

    @property
    def spreads(self) -> bool:
        """What one of the judges does, at least."""
        return any(member.load().params.spreads for member in self.judges.values())

    @model_validator(mode="after")
    def _can_sit(self) -> "Jury":
        for name, member in self.judges.items():
            if member.plugin == "jury":
                raise ValueError(f"judges.{name}: a jury does not sit in a jury")
            if not member.load().has("judge_score"):
                raise ValueError(
                    f"judges.{name}: {member.plugin!r} gives no scores, which a jury counts"
                )
        if self.quorum is not None and self.quorum > len(self.judges):
            raise ValueError(f"quorum: {self.quorum} of {len(self.judges)} judges cannot be there")
        return self


@hookimpl
def plugin_params() -> type[Settings]:
    return Jury


@hookimpl
def judge_score(answers: Sequence[Answer], params: Jury) -> Iterator[Judgement | Failed]:
    said = {
        name: {row.id: verdict for row, verdict in _scored(member.load(), answers)}
        for name, member in params.judges.items()
    }
    for answer in answers:
        known = _present(answer.id, said, params)
        yield known if isinstance(known, Failed) else _judgement(answer.id, known, params)


@hookimpl
def judge_compare(pairs: Sequence[Comparison], params: Jury) -> Iterator[Compared | Failed]:
    said = {name: verdicts_on(member.load(), pairs) for name, member in params.judges.items()}
    for pair in pairs:
        known = _present(pair.id, said, params)
        yield known if isinstance(known, Failed) else _compared(pair.id, known, params)


def _scored(
    judge: Plugin, answers: Sequence[Answer]
) -> Iterator[tuple[Answer, Judgement | Failed]]:
    return judge.rows("judge_score", answers, Judgement, answers=answers)


def _present(
    row: str, said: Mapping[str, Mapping[str, Verdict | Failed]], params: Jury
) -> dict[str, Verdict] | Failed:
    """The verdicts on a row, by judge; Failed where there are fewer than the quorum."""
    verdicts = {name: rows[row] for name, rows in said.items()}
    known = {name: v for name, v in verdicts.items() if not isinstance(v, Failed)}
    if len(known) >= (params.quorum or len(params.judges)):
        return known
    errors = [f"{name}: {v.error}" for name, v in verdicts.items() if isinstance(v, Failed)]
    return Failed(id=row, error="; ".join(errors))


def _judgement(row: str, known: Mapping[str, Judgement], params: Jury) -> Judgement:
    middle = median if params.verdict == "majority" else fmean
    scores: dict[Dimension, float] = {
        name: middle([verdict.scores.get(name) for verdict in known.values()])
        for name in DIMENSIONS
    }
    return Judgement(
        id=row,
        scores=Scores(**scores),
        reasons={name: _reasons(name, known) for name in DIMENSIONS},
        votes={name: verdict.scores for name, verdict in known.items()},
    )


def _compared(row: str, known: Mapping[str, Compared], params: Jury) -> Compared:
    count = _majority if params.verdict == "majority" else fmean
    shares: dict[Aspect, float] = {
        name: count([verdict.shares.get(name) for verdict in known.values()]) for name in ASPECTS
    }
    return Compared(
        id=row,
        shares=Shares(**shares),
        reasons={name: _reasons(name, known) for name in ASPECTS},
        votes={name: verdict.shares for name, verdict in known.items()},
    )


def _majority(shares: Sequence[float]) -> float:
    """What most judges say: first, second or tie; a tie where none of these has most votes."""
    count = Counter(0.5 + 0.5 * ((share > 0.5) - (share < 0.5)) for share in shares)
    (best, votes), *others = count.most_common()
    return 0.5 if others and others[0][1] == votes else best


def _reasons(name: Any, known: Mapping[str, Judgement] | Mapping[str, Compared]) -> str:
    """What each judge gave as its reason."""
    return "\n".join(
        f"{judge}: {reason}"
        for judge, verdict in known.items()
        if (reason := verdict.reasons.get(name))
    )
