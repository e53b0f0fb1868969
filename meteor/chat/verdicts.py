"""What a judge and an advisor reply: the verdicts' fields, and the records that they become."""

import re
from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from meteor.chat.remarks import Value, harmless
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

_REMARK = r"(?:\s*(?:\((?P<note>[^()]*)\)|//(?P<comment>.*)|(?P<tail>\s(?:is|was)\s.*)))?"
_WORD = re.compile(
    r"(?:the\s+)?(?P<word>first|second|tie)(?:\s+(?:answer|one|response))?" + _REMARK, re.I
)
_SCORE = re.compile(
    r"(?P<score>\d{1,2})(?:\.0+)?(?:\s*(?:/|(?:out\s+)?of\s)\s*10(?:\.0+)?)?(?:\s+points)?"
    + _REMARK,
    re.I,
)
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0F: "/"}
_MARKS = " \t\r\n*_`\"'\u201c\u201d\u2018\u2019"


def _matched(pattern: re.Pattern[str], value: str) -> re.Match[str] | None:
    """The value in one of its clear forms: bare, in quotes or bold, with a harmless remark."""
    text = value.translate(_WIDE).strip(_MARKS)
    text = re.sub(r"^([^\W_]+(?:\s\w+)?)[*`\"'\u201d\u2019]+(?=[\s(/]|$)", r"\1", text)
    found = pattern.fullmatch(text)
    if not found:
        return None
    remark = " ".join(filter(None, (found["note"], found["comment"], found["tail"])))
    word = found.groupdict().get("word")
    behind: Value = "score" if word is None else "tie" if word.lower() == "tie" else "one"
    return found if harmless(remark, behind) else None


def _score(value: Any) -> Any:
    """A score in one of its clear forms: 8, "8", 8/10, 8 out of 10, **8**, 8 (good)."""
    if isinstance(value, bool):
        raise ValueError("a number is due")
    if not isinstance(value, str):
        return value
    found = plain_score(value)
    if found is None:
        raise ValueError("a whole number from 1 to 10 is due")
    return found


def plain_score(text: str) -> int | None:
    """A whole number in one of the clear forms of a score; None for any other text."""
    found = _matched(_SCORE, text)
    return int(found["score"]) if found else None


def _word(value: Any) -> Any:
    """A preference in one of its clear forms: first, "First", "first answer", first (slightly)."""
    found = _matched(_WORD, value) if isinstance(value, str) else None
    if not found:
        raise ValueError("first, second or tie is due")
    return found["word"].lower()


def _true_or_false(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("true or false is due")
    return value


def _listed(value: Any) -> Any:
    """No errors may stand as null, one as a text."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


Score = Annotated[int, Field(ge=1, le=10), BeforeValidator(_score)]
Better = Annotated[Literal["first", "second", "tie"], BeforeValidator(_word)]
Truth = Annotated[bool, BeforeValidator(_true_or_false)]
Errors = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Advised = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Part(BaseModel):
    """Base of all that a verdict consists of."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Verdict(Part):
    """Base of all verdicts; `ticket` shows that it is the model's own."""

    ticket: str

    @abstractmethod
    def decision(self) -> tuple[object, ...]:
        """What is decided, without its reasons: two verdicts that decide the same are one."""


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

    def decision(self) -> tuple[object, ...]:
        """The scores."""
        return tuple(getattr(self, name).score for name in DIMENSIONS)

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
    errors: Errors = ()
    advice: Advised = ""

    @model_validator(mode="after")
    def _word_and_deed(self) -> "AdviceVerdict":
        if not self.correct and not self.advice.strip():
            raise ValueError("advice: what is not correct needs advice")
        if self.correct and any(error.strip() for error in self.errors):
            raise ValueError("correct: is true, but there are errors")
        return self

    def decision(self) -> tuple[object, ...]:
        """Right or wrong, and what to do."""
        return self.correct, self.advice.strip()

    def record(self, identifier: str) -> Advice:
        """The record: the errors stand below the advice, as a list without a word of ours, since
        the student reads it in the language of its domain.
        """
        if self.correct:
            return Advice(id=identifier, correct=True, advice=self.advice.strip())
        errors = [error.strip() for error in self.errors if error.strip()]
        listed = "".join(f"\n- {error}" for error in errors)
        return Advice(id=identifier, correct=False, advice=self.advice.strip() + listed)


class Preferred(Part):
    """Which answer is better, with its justification."""

    reason: Text
    better: Better


class PreferenceVerdict(Verdict):
    """The judge's preference between two answers."""

    accuracy: Preferred
    completeness: Preferred
    relevance: Preferred
    coherence: Preferred
    reliability: Preferred
    overall: Preferred

    def decision(self) -> tuple[object, ...]:
        """The words."""
        return tuple(getattr(self, name).better for name in ASPECTS)

    def compared(self, identifier: str) -> Compared:
        """The record."""
        parts: dict[Aspect, Preferred] = {name: getattr(self, name) for name in ASPECTS}
        share = {"first": 1.0, "second": 0.0, "tie": 0.5}
        return Compared(
            id=identifier,
            shares=Shares(**{name: share[part.better] for name, part in parts.items()}),
            reasons={name: part.reason for name, part in parts.items()},
        )
