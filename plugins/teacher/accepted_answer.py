"""A teacher that needs no model: the expert's answer that came with the question."""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Question
from meteor.core.settings import Settings


class AcceptedAnswer(Settings):
    """Nothing to set."""


@hookimpl
def plugin_params() -> type[Settings]:
    return AcceptedAnswer


@hookimpl
def teacher_answer(questions: Sequence[Question]) -> Iterator[Completion | Failed]:
    for question in questions:
        if question.answer is None:
            yield Failed(id=question.id, error="the question has no accepted answer")
            continue
        yield Completion(
            id=question.id,
            text=question.answer,
            finish_reason="stop",
            prompt_tokens=0,
            completion_tokens=0,
        )
