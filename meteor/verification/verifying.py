"""The way of every verifier from drafts to verdicts: take the part that counts, then look."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Unreadable, taken

WRONG = "That is not right."
LONGEST_RESULT = 2000
"""Characters of a result as it is kept."""

LARGEST = 2.0**63
NOISE = 1e-3
"""How far from a whole number another may be, and be that one with what computing adds."""


class Tolerant(Settings):
    """How far numbers may differ: see `near`."""

    tolerance: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="share of the expected number by which another may differ; without it as much "
        "as rounding does, and whole numbers have to be equal",
    )


class BadCheck(Exception):
    """A question's `check` makes no sense: the data's fault, not the answer's."""


class NotRun(Exception):
    """Nothing could be run: the machine's fault, neither the answer's nor the data's."""


@dataclass(frozen=True)
class Found:
    """What a part of an answer comes to; the fields are those of `Verdict`."""

    passed: bool | None
    feedback: str = ""
    result: str | None = None


Look = Callable[[str, Any], Found]
"""Look at what was taken from an answer, beside what `Read` makes of the `check`, or None."""

Read = Callable[[Any], Any]
"""Make of a question's `check` what an answer is held against. Raises BadCheck."""


def verify(
    drafts: Sequence[Draft],
    settings: Extraction,
    look: Look,
    at_once: int = 1,
    read: Read = lambda check: check,
) -> Iterator[Verdict | Failed]:
    """A verdict for each draft, `at_once` of them side by side, in the order of `drafts`. A `check`
    is read before its answer is, so that it fails its row whatever the answer.
    """
    if at_once == 1:
        yield from (_verdict(draft, settings, look, read) for draft in drafts)
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield from pool.map(lambda draft: _verdict(draft, settings, look, read), drafts)
        finally:
            pool.shutdown(cancel_futures=True)


def _verdict(draft: Draft, settings: Extraction, look: Look, read: Read) -> Verdict | Failed:
    check = draft.question.check
    try:
        due = None if check is None else read(check)
        found = look(taken(draft.text, settings), due)
    except Unreadable as error:
        found = Found(passed=False, feedback=str(error))
    except BadCheck as error:
        return Failed(id=draft.id, error=f"the question's check: {_writable(str(error))}")
    except NotRun as error:
        return Failed(id=draft.id, error=str(error))
    return Verdict(
        id=draft.id,
        passed=found.passed if check is not None else None,
        feedback=_writable(found.feedback),
        result=None if found.result is None else bounded(_writable(found.result)),
    )


def _writable(text: str) -> str:
    """The text without halves of characters, which escapes in an answer may make."""
    return text.encode("utf-8", "replace").decode("utf-8")


def bounded(result: str) -> str:
    """A result of bounded length: of a long one the beginning, and a hash that tells it apart."""
    if len(result) <= LONGEST_RESULT:
        return result
    digest = hashlib.sha256(result.encode("utf-8")).hexdigest()
    return f"{result[: LONGEST_RESULT // 2]}… sha256 {digest}"


def near(found: Any, due: Any, share: float | None, rounding: float, least: float = 0) -> bool:
    """Whether a number is the one that is due: where it differs by no more than the `share` of
    that, or by `least`. Without a share as near as rounding leaves it, and a whole number is no
    other whole number.
    """
    if found == due:
        return True
    if not (math.isfinite(found) and math.isfinite(due)):
        return False
    size = abs(due)
    most = size * (rounding if share is None else share)
    if share is None and due % 1 == 0:
        if found % 1 == 0:
            return False
        most = min(most, max(NOISE, size * 1e-12))
    return bool(abs(found - due) <= max(most, least) * (1 + 1e-9))


def rounded(value: Any) -> Any:
    """A JSON value whose numbers have twelve digits, and none more than they need: 1.0 is 1."""
    if isinstance(value, list):
        return [rounded(part) for part in value]
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < LARGEST else short


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
