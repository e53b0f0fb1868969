"""Verdicts: their JSON schemas, and reading one from whatever a model wrote.

The reader is tolerant of form (fences, prose around the object, trailing commas) and strict in
substance: exactly one verdict with the right ticket, every field there and valid, nothing guessed.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from meteor.chat.asking import Request, Schema, sampling, unfit
from meteor.chat.replies import Reply, said
from meteor.chat.sealed import Asked
from meteor.chat.settings import StructuredSettings
from meteor.chat.thoughts import part
from meteor.chat.verdicts import Part, Verdict
from meteor.core.jsonl import explain
from meteor.core.records import Failed, Record

V = TypeVar("V", bound="Verdict")
DEEPEST = 32
"""Most brackets that are open at once in a text that is read: a verdict needs four."""
MOST_TRIES = 1000
"""Most braces of a text at which an object is looked for. A model that loops writes thousands."""
MENDED = 50_000
"""Longest text, in characters, whose small faults are mended."""
MARKS = 1000
"""Most brackets and quotes in such a text, since the time to mend it grows with their square."""


class Unreadable(ValueError):
    """A reply holds no verdict; the message says what is wrong with it."""


@cache
def schema_of(kind: type[Verdict]) -> Schema:
    """The JSON schema of a verdict in the strict form that OpenAI asks for: every field required,
    no others, no limits on values (they are checked here).
    """
    raw = kind.model_json_schema()
    return Schema(kind.__name__, _strict(raw, raw.get("$defs", {})))


def _strict(node: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _strict(shared[node["$ref"].rsplit("/", 1)[1]], shared)
    if node.get("type") == "object":
        fields = {name: _strict(field, shared) for name, field in node["properties"].items()}
        return {
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        }
    kept: dict[str, Any] = {name: node[name] for name in ("type", "enum") if name in node}
    if "items" in node:
        kept["items"] = _strict(node["items"], shared)
    return kept


def read_verdict(text: str, kind: type[V], ticket: str) -> V:
    """The one verdict in a reply that carries the ticket. Raises Unreadable."""
    found = [row for row in _objects(part(text).answer, kind) if _ticket(row) == ticket]
    if not found:
        raise Unreadable(
            f'there is no JSON object with "ticket": "{ticket}" in the reply, or it is broken'
        )
    try:
        verdicts = {kind.model_validate(row): None for row in found}
    except ValidationError as error:
        raise Unreadable(explain(error)) from None
    if len(verdicts) > 1:
        raise Unreadable("the reply holds more than one verdict")
    return next(iter(verdicts))


def _ticket(row: dict[str, Any]) -> str:
    return str(row.get("ticket", "")).strip()


def _objects(text: str, kind: type[Verdict]) -> list[dict[str, Any]]:
    """The outermost JSON objects of a text; where none is sound, what repair makes of it."""
    sound = list(_sound(text))
    return sound or list(_repaired(text, kind))


def _sound(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    position = text.find("{")
    for _ in range(MOST_TRIES):
        if position < 0:
            return
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if "ticket" in row and not _too_deep(text[position:end]):
                yield row
        position = text.find("{", end)


def _too_deep(text: str) -> bool:
    """Whether more brackets are open at once than in any verdict; those in strings count, too."""
    depth = 0
    for mark in re.findall(r"[][(){}]", text):
        depth += 1 if mark in "[({" else -1
        if depth > DEEPEST:
            return True
    return False


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no key stands twice: which of the two would count?"""
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key stands twice")
    return row


def _repaired(text: str, kind: type[Verdict]) -> Iterator[dict[str, Any]]:
    """Small faults mended. Not where a field stands there twice (a quoted verdict with broken
    quotes could then lend its values) or not at all.
    """
    import json_repair

    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return
    segment = text[start : end + 1] if end > start else text[start:]
    if any(_times(name, segment) > most for name, most in _allowed(kind).items()):
        return
    marks = len(re.findall(r"""[][(){}"']""", segment))
    if len(segment) > MENDED or marks > MARKS or _too_deep(segment):
        return
    try:
        found = json_repair.loads(segment)
    except (ValueError, RecursionError):
        return
    for row in found if isinstance(found, list) else [found]:
        if isinstance(row, dict):
            yield row


def _times(name: str, text: str) -> int:
    """How often a name stands in a text as a key."""
    return len(re.findall(rf"\b{name}\b\W{{0,3}}?:", text))


@cache
def _allowed(kind: type[Verdict]) -> dict[str, int]:
    """How often each key stands in a verdict, those of its parts included."""
    count = Counter(list(kind.model_fields))
    for field in kind.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
            count.update(list(field.annotation.model_fields))
    return dict(count)


class Deciding(Generic[V]):
    """A conversation that ends in a verdict. A reply that cannot be read is sent back with what is
    wrong with it, up to `max_repairs` times.
    """

    def __init__(
        self,
        identifier: str,
        asked: Asked,
        kind: type[V],
        result: Callable[[V, str], Record],
        settings: StructuredSettings,
        sample: int = 0,
    ) -> None:
        self.id, self.kind, self.result = identifier, kind, result
        self.ticket, self.left = asked.ticket, settings.max_repairs
        self.request = Request(
            model=settings.model,
            messages=(("user", asked.text),),
            max_tokens=settings.max_tokens,
            sampling=sampling(settings, None),
            schema=schema_of(kind),
            json_mode=settings.json_mode,
            context={"sample": sample} if sample else {},
        )
        self._asked = self.request

    def take(self, reply: Reply) -> Record | Request:
        """The row's result or failure, or the request that names what is wrong."""
        if failure := unfit(self.id, reply):
            return failure
        meant = said(reply)
        try:
            return self.result(read_verdict(meant.text, self.kind, self.ticket), self.id)
        except Unreadable as error:
            problem = str(error)
        if meant.end == "length":
            problem = f"the reply is cut off by the token limit; {problem}"
        if not self.left:
            return Failed(id=self.id, error=f"no verdict in the last reply: {problem}")
        self.left -= 1
        self._asked = self._asked.continued(
            ("assistant", meant.text or "(nothing)"),
            (
                "user",
                f"That reply cannot be used: {problem}. Reply again with the whole JSON object of "
                "the form above and nothing else.",
            ),
        )
        return self._asked
