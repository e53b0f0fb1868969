"""What a judge and an advisor reply: the verdicts' fields, and the records that they become."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from meteor.core.judgements import (
    ASPECTS,
    DIMENSIONS,
    Aspect,
    Compared,
    Dimension,
    Judgement,
    Scores,
    Shares,
)
from meteor.core.records import Advice, Text


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is due")
    return value


def _true_or_false(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("true or false is due")
    return value


Score = Annotated[int, Field(ge=1, le=10), BeforeValidator(_no_bool)]
Truth = Annotated[bool, BeforeValidator(_true_or_false)]


class Part(BaseModel):
    """Base of all that a verdict consists of."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Verdict(Part):
    """Base of all verdicts; `ticket` shows that it is the model's own."""

    ticket: str


class Scored(Part):
    """A score with its justification."""

    reason: Text
    score: Score


class ScoreVerdict(Verdict):
    """The judge's scores."""

    accuracy: Scored
    completeness: Scored
    relevance: Scored
    coherence: Scored
    reliability: Scored

    def judgement(self, identifier: str) -> Judgement:
        """The record."""
        parts: dict[Dimension, Scored] = {name: getattr(self, name) for name in DIMENSIONS}
        return Judgement(
            id=identifier,
            scores=Scores(**{name: part.score for name, part in parts.items()}),
            reasons={name: part.reason for name, part in parts.items()},
        )


class AdviceVerdict(Verdict):
    """The advisor's word on a draft."""

    correct: Truth
    errors: tuple[str, ...] = ()
    advice: str = ""

    @model_validator(mode="after")
    def _word_and_deed(self) -> "AdviceVerdict":
        if not self.correct and not self.advice.strip():
            raise ValueError("advice: what is not correct needs advice")
        if self.correct and any(error.strip() for error in self.errors):
            raise ValueError("correct: is true, but there are errors")
        return self

    def record(self, identifier: str) -> Advice:
        """The record: the errors stand below the advice."""
        if self.correct:
            return Advice(id=identifier, correct=True, advice=self.advice.strip())
        errors = [error.strip() for error in self.errors if error.strip()]
        listed = "\nErrors:" + "".join(f"\n- {error}" for error in errors) if errors else ""
        return Advice(id=identifier, correct=False, advice=self.advice.strip() + listed)


class Preferred(Part):
    """Which answer is better, with its justification."""

    reason: Text
    better: Literal["first", "second", "tie"]


class PreferenceVerdict(Verdict):
    """The judge's preference between two answers."""

    accuracy: Preferred
    completeness: Preferred
    relevance: Preferred
    coherence: Preferred
    reliability: Preferred
    overall: Preferred

    def compared(self, identifier: str) -> Compared:
        """The record."""
        parts: dict[Aspect, Preferred] = {name: getattr(self, name) for name in ASPECTS}
        share = {"first": 1.0, "second": 0.0, "tie": 0.5}
        return Compared(
            id=identifier,
            shares=Shares(**{name: share[part.better] for name, part in parts.items()}),
            reasons={name: part.reason for name, part in parts.items()},
        )
