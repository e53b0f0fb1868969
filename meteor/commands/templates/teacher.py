"""A teacher that gives the accepted answer after a sentence of its own."""

from collections.abc import Iterator, Sequence

from meteor.plugin import Completion, Failed, Field, Prompt, Question, Settings, hookimpl


class Opening(Settings):
    """How an answer begins."""

    opening: str = Field("In short:", description="the words before every answer")


@hookimpl
def teacher_answer(
    prompts: Sequence[Prompt], questions: Sequence[Question], params: Opening
) -> Iterator[Completion | Failed]:
    for prompt, question in zip(prompts, questions, strict=True):
        if question.answer is None:
            yield Failed(id=question.id, error="the question has no accepted answer")
            continue
        text = f"{params.opening} {question.answer}"
        yield Completion(
            id=question.id,
            text=text,
            finish_reason="stop",
            prompt_tokens=sum(len(message.content.split()) for message in prompt.messages),
            completion_tokens=len(text.split()),
        )
