"""The way of every verifier from drafts to verdicts: take the part that counts, then look."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from meteor.core.records import Draft, Failed
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Unreadable, taken

WRONG = "That is not right."


class BadCheck(Exception):
    """A question's `check` makes no sense: the data's fault, not the answer's."""


@dataclass(frozen=True)
class Found:
    """What a part of an answer comes to; the fields are those of `Verdict`."""

    passed: bool | None
    feedback: str = ""
    result: str | None = None


Look = Callable[[str, Any], Found]
"""Look at what was taken from an answer, beside the question's `check`, or None without one."""


def verify(
    drafts: Sequence[Draft], settings: Extraction, look: Look, at_once: int = 1
) -> Iterator[Verdict | Failed]:
    """A verdict for each draft, `at_once` of them side by side, in the order of `drafts`."""
    if at_once == 1:
        yield from (_verdict(draft, settings, look) for draft in drafts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield from pool.map(lambda draft: _verdict(draft, settings, look), drafts)
        finally:
            pool.shutdown(cancel_futures=True)


def _verdict(draft: Draft, settings: Extraction, look: Look) -> Verdict | Failed:
    check = draft.question.check
    try:
        found = look(taken(draft.text, settings), check)
    except Unreadable as error:
        found = Found(passed=False, feedback=str(error))
    except BadCheck as error:
        return Failed(id=draft.id, error=f"the question's check: {error}")
    passed = found.passed if check is not None else None
    return Verdict(id=draft.id, passed=passed, feedback=found.feedback, result=found.result)


def canonical(value: Any) -> str:
    """A JSON value as a text that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def shortened(text: str, limit: int = 120) -> str:
    """A quotation for feedback: one line, of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unfamiliar(check: Any, known: Iterable[str]) -> None:
    """Raise BadCheck where an object has a key that the verifier does not know."""
    if isinstance(check, dict) and (strange := sorted(set(check) - set(known))):
        raise BadCheck(f"unknown key {strange[0]!r}; there are {', '.join(known)}")
