"""Reading a verdict from whatever a model wrote: tolerant of form, and nothing is guessed.

One verdict with the right ticket, given after every thought, each field there and valid. Where a
reply can be read in two ways, it is not read.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from meteor.chat import lenient
from meteor.chat.lenient import Span
from meteor.chat.verdicts import Part, Verdict
from meteor.core.jsonl import explain
from meteor.core.thoughts import TAGS, part

V = TypeVar("V", bound=Verdict)
WRAPPED = 3
"""How deep a verdict may lie in objects and lists of other names."""
_TAG = re.compile(rf"<(?P<ends>/?)(?:{'|'.join(TAGS)})>", re.IGNORECASE)


class Unreadable(ValueError):
    """A reply holds no verdict; the message says what is wrong with it."""


def read_verdict(text: str, kind: type[V], ticket: str) -> V:
    """The one verdict in a reply that carries the ticket. Raises Unreadable."""
    answer = _unpacked(part(text).answer.strip())
    spans = _spoken(answer, _spans(answer, kind))
    found = [row for whole, _, _ in spans for row in _own(whole, ticket, WRAPPED)]
    if not found:
        raise Unreadable(
            f'there is no JSON object with "ticket": "{ticket}" in the reply, or it is broken'
        )
    if _begun(answer, ticket) > sum(_begun(answer[a:b], ticket) for _, a, b in spans):
        raise Unreadable("the reply holds a second verdict that is broken")
    try:
        verdicts = [kind.model_validate(row) for row in found]
    except ValidationError as error:
        raise Unreadable(explain(error)) from None
    if len({verdict.decision() for verdict in verdicts}) > 1:
        raise Unreadable("the reply holds more than one verdict")
    return verdicts[0]


def _unpacked(text: str) -> str:
    """The text inside a JSON string, where the whole reply is one."""
    if not text.startswith('"'):
        return text
    try:
        inner = json.loads(text, strict=False)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text


def _spans(text: str, kind: type[Verdict]) -> list[Span]:
    """The outermost JSON objects of a text; where none with a ticket is sound, those that can be
    mended. Not where a field stands in one twice: a quoted verdict with broken quotes could then
    lend its values. Nor where one is not closed and lacks a field: it may have been cut off.
    """
    found = [span for span in lenient.sound(text) if _has_ticket(span[0], WRAPPED)]
    if found:
        return found
    bare = re.sub(r"\s*```\s*$", "", text)
    return [
        (row, start, end)
        for row, start, end in lenient.mended(bare)
        if _has_ticket(row, WRAPPED)
        and all(_times(name, bare[start:end]) <= most for name, most in _allowed(kind).items())
        and (end <= len(bare) or all(_times(name, bare[start:]) for name in kind.model_fields))
    ]


def _spoken(text: str, spans: list[Span]) -> list[Span]:
    """The objects that are no part of a thought: those after the last tag that ends one, and
    before any that begins one. Tags within an object are what it talks about.
    """
    outside = [
        tag
        for tag in _TAG.finditer(text)
        if not any(start <= tag.start() < end for _, start, end in spans)
    ]
    begin = max((tag.end() for tag in outside if tag["ends"]), default=0)
    opened = [tag.start() for tag in outside if not tag["ends"] and tag.start() >= begin]
    last = min(opened, default=len(text))
    return [span for span in spans if begin <= span[1] < last]


def _own(value: Any, ticket: str, depth: int) -> Iterator[dict[str, Any]]:
    """The objects with the ticket in a value: itself, or what it wraps, as a list, a field of
    another name or the arguments of a call do.
    """
    if isinstance(value, dict):
        if "ticket" in value:
            if _plain(value["ticket"]) == ticket.lower():
                yield value
            return
        if depth:
            for inner in value.values():
                yield from _own(_parsed(inner), ticket, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            yield from _own(inner, ticket, depth - 1)


def _has_ticket(value: Any, depth: int) -> bool:
    if isinstance(value, list):
        return depth > 0 and any(_has_ticket(inner, depth - 1) for inner in value)
    if not isinstance(value, dict):
        return False
    inside = (_has_ticket(_parsed(inner), depth - 1) for inner in value.values())
    return "ticket" in value or (depth > 0 and any(inside))


def _parsed(value: Any) -> Any:
    """An object that stands as JSON in a text, as the arguments of a call do."""
    if not (isinstance(value, str) and value.lstrip().startswith("{")):
        return value
    try:
        return json.loads(value, object_pairs_hook=lenient.once, strict=False)
    except (ValueError, RecursionError):
        return value


def _plain(value: Any) -> str:
    return str(value).strip().strip("\"'\u201c\u201d").lower()


def _begun(text: str, ticket: str) -> int:
    """How many objects of a text begin to carry the ticket."""
    name = r"[\"'\u201c\\]+ticket[\"'\u201d\\]+\s*:\s*[\"'\u201c\\]*"
    return len(re.findall(name + re.escape(ticket) + r"\b", text, re.IGNORECASE))


def _times(name: str, text: str) -> int:
    """How often a name stands in a text as a key."""
    return len(re.findall(rf"\b{name}\b\W{{0,3}}?:", text, re.IGNORECASE))


@cache
def _allowed(kind: type[Verdict]) -> dict[str, int]:
    """How often each key stands in a verdict, those of its parts included."""
    count = Counter(list(kind.model_fields))
    for field in kind.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
            count.update(list(field.annotation.model_fields))
    return dict(count)
