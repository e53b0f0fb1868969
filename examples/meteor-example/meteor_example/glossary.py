"""A teacher that gives the accepted answer and explains the terms that it knows."""

from collections.abc import Iterator, Sequence

from meteor.plugin import Completion, Failed, Field, Question, Settings, hookimpl


class Glossary(Settings):
    """Which terms."""

    terms: dict[str, str] = Field(
        {"overfitting": "Overfitting is learning the noise of the training data."},
        description="a term in lower case, and the sentence that explains it",
    )


@hookimpl
def plugin_params() -> type[Settings]:
    return Glossary


@hookimpl
def teacher_answer(
    questions: Sequence[Question], params: Glossary
) -> Iterator[Completion | Failed]:
    for question in questions:
        if question.answer is None:
            yield Failed(id=question.id, error="the question has no accepted answer")
            continue
        known = [text for term, text in params.terms.items() if term in question.answer.lower()]
        text = " ".join([question.answer, *known])
        yield Completion(
            id=question.id,
            text=text,
            finish_reason="stop",
            prompt_tokens=0,
            completion_tokens=len(text.split()),
        )
