"""The records that travel between stages: frozen, one JSON object a line, joined by `id`.

`id` is always the id of the question. Text fields hold text, token counts are in tokens of the
model that wrote the text, FLOPs are floating point operations (a multiply-add counts as two).
`thought` is what a model thought before it wrote the text: kept for the report, judged by nobody.
"""

import operator
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from meteor.core.shown import label
from meteor.core.thoughts import part

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
FinishReason = Literal["stop", "length"]


class Record(BaseModel):
    """Base of all records: immutable, and no unknown field is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    def key(self) -> str | None:
        """What stands once in a file: the id, where a record has one."""
        return getattr(self, "id", None)


class Failed(Record):
    """A row for which a source or a plugin has no result, and why."""

    id: Text
    error: Text


class Rejected(Failed):
    """A row that is left out on purpose; `error` is the reason, in the same words for all."""


def _unknown(value: object) -> bool:
    return value is None


Label = Annotated[str, BeforeValidator(label)]
"""A text that names something, in one line and without control characters."""


class Question(Record):
    """A question of the domain; `answer` is the accepted expert answer where there is one.

    The votes and what attribution asks for (who wrote it, where it stands, under which licence)
    are written where they are known. `check` is what a verifier holds answers against (a number, a
    gold query, tests), which no model is shown; `split` is the split that came with the data.
    """

    id: Annotated[Text, BeforeValidator(label)]
    title: Text
    body: str = ""
    category: Label = ""
    answer: Text | None = None
    check: JsonValue = Field(None, exclude_if=_unknown)
    score: int | None = Field(None, exclude_if=_unknown)
    link: Label | None = Field(None, exclude_if=_unknown)
    author: Label | None = Field(None, exclude_if=_unknown)
    licence: Label | None = Field(None, exclude_if=_unknown)
    split: Literal["train", "dev", "test"] | None = Field(None, exclude_if=_unknown)


class Message(Record):
    """One turn of a chat. `cut` marks the part of `content` (start, end, in characters) that may
    be shortened when the prompt is longer than the model's window: the question's body.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    cut: tuple[int, int] | None = None


class Prompt(Record):
    """What a model is asked about one question."""

    id: Text
    messages: tuple[Message, ...] = Field(min_length=1)


class Completion(Record):
    """What a model wrote for a prompt. `text` may be empty; a thought that it begins with is taken
    out of it into `thought`. `shortened` says that the prompt had to be, to fit into the window;
    `flops` is None where unknown.
    """

    id: Text
    text: str
    finish_reason: FinishReason
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    flops: float | None = None
    thought: str | None = Field(None, exclude_if=_unknown)
    shortened: bool = Field(False, exclude_if=operator.not_)

    @model_validator(mode="before")
    @classmethod
    def _thought_is_no_text(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("text"), str):
            text, thought, _ = part(given["text"])
            if text != given["text"]:
                thoughts = [part for part in (given.get("thought"), thought) if part]
                whole = "\n\n".join(thoughts) or None
                return {**given, "text": text.strip(), "thought": whole}
        return given

    @property
    def lacking(self) -> str | None:
        """What is wrong with it as a whole text: empty, only a thought, cut off; None: nothing."""
        cut = self.finish_reason == "length"
        if self.text.strip():
            return "cut off by the token limit" if cut else None
        if not self.thought:
            return "empty"
        return "only a thought" + (", which the token limit cut off" if cut else "")


class Likelihood(Record):
    """How likely a model finds a given answer: summed negative log-likelihood in nats."""

    id: Text
    nll: float
    tokens: int = Field(gt=0)


class Guideline(Record):
    """How an expert would go about the answer, written by the student (paper, section 3.1).

    `text` is None where guidelines are switched off.
    """

    id: Text
    text: Text | None
    finish_reason: FinishReason
    thought: str | None = Field(None, exclude_if=_unknown)


class Distilled(Record):
    """The teacher's answer along the student's guideline, or without one (None)."""

    id: Text
    question: Question
    guideline: Text | None
    answer: Text
    thought: str | None = Field(None, exclude_if=_unknown)


class Draft(Record):
    """A student's answer to a question, before anybody has looked at it."""

    id: Text
    question: Question
    text: str


class Advice(Record):
    """The advisor's verdict on a draft; `advice` says what to mend where it is not correct."""

    id: Text
    correct: bool
    advice: str = ""


class Attempt(Record):
    """One draft of a question in phase 2, with what the advisor said. `sampled`: it was drawn
    without looking at any advice, as one more draft.
    """

    text: str
    finish_reason: FinishReason
    correct: bool
    advice: str
    thought: str | None = Field(None, exclude_if=_unknown)
    sampled: bool = Field(False, exclude_if=operator.not_)


class Refinement(Record):
    """All attempts at one question, in order, accepted or not (paper, section 3.2).

    `weights` counts the fine-tunings of the round before the last attempt was made.
    """

    id: Text
    question: Question
    attempts: tuple[Attempt, ...] = Field(min_length=1)
    accepted: bool
    weights: int = Field(ge=0)

    @property
    def answer(self) -> str:
        """The last attempt's text: the accepted answer if `accepted`."""
        return self.attempts[-1].text


class Example(Record):
    """A prompt and the answer to learn; the thought before it is learned where `base.thoughts`
    says so.
    """

    id: Text
    prompt: Prompt
    answer: Text
    thought: str | None = Field(None, exclude_if=_unknown)


class Pair(Record):
    """A high-FLOPs answer preferred over a low-FLOPs one (paper, section 3.3). Where samples voted
    for the chosen one by their results, `votes` of `samples` did, which is the share `agreement`.
    """

    id: Text
    prompt: Prompt
    chosen: Text
    rejected: Text
    chosen_flops: float | None
    rejected_flops: float | None
    votes: int | None = Field(None, exclude_if=_unknown)
    samples: int | None = Field(None, exclude_if=_unknown)
    agreement: float | None = Field(None, ge=0, le=1, exclude_if=_unknown)
    chosen_thought: str | None = Field(None, exclude_if=_unknown)
    rejected_thought: str | None = Field(None, exclude_if=_unknown)


class Trial(Record):
    """Answers to one question by the strategies that are measured beside a pair's two."""

    id: Text
    answers: dict[str, Completion]


class Answer(Record):
    """A checkpoint's answer to a held-out question, and how likely it finds the expert's."""

    id: Text
    question: Question
    text: str
    finish_reason: FinishReason
    tokens: int = Field(ge=0)
    flops: float | None
    reference_nll: float | None = None
    reference_tokens: int | None = None
    thought: str | None = Field(None, exclude_if=_unknown)


def plain_answer(question: Question, text: str, flops: float | None = None) -> Answer:
    """A text as judges are shown it, whoever wrote it."""
    return Answer(
        id=question.id, question=question, text=text, finish_reason="stop", tokens=0, flops=flops
    )
