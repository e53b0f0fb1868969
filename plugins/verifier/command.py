"""A program of your own, in any language: it reads answers and says which are right.

It gets a line of JSON for each answer on its standard input, `{id, question, answer, check}`, and
writes a line for each to its standard output, `{id, passed, feedback, result}`, in any order.
`answer` is what `take` takes. It runs with your rights and in your environment: what it does with
an answer is not confined.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import explain
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Unreadable, taken
from meteor.verification.programs import Stopped, conversation
from meteor.verification.telling import telling
from meteor.verification.verifying import bounded


class Command(Extraction):
    """Which program."""

    program: tuple[str, ...] = Field(
        min_length=1, description="the program and its arguments; no shell reads them"
    )
    seconds: float = Field(60, gt=0, description="longest silence before it is ended")


@hookimpl
def plugin_params() -> type[Settings]:
    return Command


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Command) -> Iterator[Verdict | Failed]:
    waiting: dict[str, Draft] = {}
    rows = []
    for draft in drafts:
        try:
            rows.append(_row(draft, taken(draft.text, params)))
            waiting[draft.id] = draft
        except Unreadable as error:
            passed = None if draft.question.check is None else False
            yield Verdict(id=draft.id, passed=passed, feedback=str(error))
    why = "the program gave no verdict"
    try:
        for line in conversation(params.program, rows, params.seconds) if rows else ():
            verdict = _verdict(line, waiting)
            del waiting[verdict.id]
            yield verdict
    except Stopped as stopped:
        why = f"the program gave no verdict: {stopped}"
    for identifier in waiting:
        yield Failed(id=identifier, error=why)


def _row(draft: Draft, part: str) -> dict[str, Any]:
    question = draft.question.model_dump(mode="json", exclude={"check", "answer"})
    return {"id": draft.id, "question": question, "answer": part, "check": draft.question.check}


def _verdict(line: Any, waiting: Mapping[str, Draft]) -> Verdict | Failed:
    """What the program said of one answer. Raises Stopped for what is none of them."""
    identifier = line.get("id") if isinstance(line, dict) else None
    if not isinstance(identifier, str) or identifier not in waiting:
        raise Stopped(f"it spoke of {identifier!r}, which waits for no verdict")
    check = waiting[identifier].question.check
    try:
        verdict = Verdict.model_validate(line)
    except ValidationError as error:
        return Failed(id=identifier, error=f"the program's verdict: {explain(error)}")
    feedback = "" if telling(verdict.feedback, check) else verdict.feedback
    passed = None if check is None else verdict.passed
    result = None if verdict.result is None else bounded(verdict.result)
    return verdict.model_copy(update={"feedback": feedback, "passed": passed, "result": result})
