"""A JSON value: an answer is right when it fits a JSON Schema and its fields are the expected ones.

`check` is `{schema: …, fields: …}`, either of which may be missing: a schema of the question's own,
and expected values by field, with dots into depth. The schema of all questions is a setting.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import FilePath

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Part, Unreadable, read_json
from meteor.verification.verifying import (
    BadCheck,
    Found,
    Tolerant,
    canonical,
    near,
    rounded,
    shortened,
    unfamiliar,
    verify,
)
from meteor.verification.workers import Gone, Pool, pool

ROUNDING = 1e-9

WORDS = {
    "type": "another type is expected",
    "required": "a field is missing",
    "additionalProperties": "a field is not expected",
    "enum": "not one of the values that may stand there",
    "const": "not the value that has to stand there",
    "pattern": "the form is not right",
    "format": "the form is not right",
    "minimum": "too small",
    "exclusiveMinimum": "too small",
    "maximum": "too large",
    "exclusiveMaximum": "too large",
    "minLength": "too short",
    "maxLength": "too long",
    "minItems": "too few items",
    "maxItems": "too many items",
    "uniqueItems": "an item stands twice",
    "multipleOf": "not a number of that kind",
}


class Json(Extraction, Tolerant):
    """Which schema, and how closely fields are compared."""

    take: Part = Field("fenced", description="what is taken from the answer: as everywhere")
    schema_file: FilePath | None = Field(
        None, description="JSON Schema of all questions without one of their own"
    )
    seconds: float = Field(5, gt=0, description="for holding one answer against the schema")


@hookimpl
def plugin_params() -> type[Settings]:
    return Json


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Json) -> Iterator[Verdict | Failed]:
    with pool("schema_worker.py", "-I") as workers:
        held = Held(workers, params)
        yield from verify(drafts, params, lambda part, due: _look(part, due, held), read=held.read)


@dataclass(frozen=True)
class Due:
    """The schema that an answer has to fit, as a text, and the fields that are expected."""

    schema: str | None
    fields: dict[str, Any]


class Held:
    """Schemas, and values held against them in a process that is ended where it takes too long."""

    def __init__(self, workers: Pool, params: Json) -> None:
        self.params = params
        self._workers = workers
        self._known: set[str] = set()
        self.shared = self._read_file(params.schema_file) if params.schema_file else None

    def _read_file(self, file: Path) -> str:
        try:
            return self._schema(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError, BadCheck) as error:
            raise SettingsError(
                f"params.yaml: verifier.json.schema_file: {file} is no JSON Schema: {error}"
            ) from None

    def _schema(self, schema: Any) -> str:
        text = json.dumps(schema)
        if text not in self._known:
            reply = self._ask(schema=text)
            if "bad_schema" in reply:
                raise BadCheck(f"not a JSON Schema: {reply['bad_schema']}")
            if "slow" in reply:
                raise BadCheck("the JSON Schema takes too long to read")
            self._known.add(text)
        return text

    def _ask(self, **request: str) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = self._workers.ask(request, self.params.seconds)
        except Gone:
            return {"slow": True}
        return reply

    def read(self, check: Any) -> Due:
        """What a check asks for. Raises BadCheck."""
        unfamiliar(check, ("schema", "fields"))
        if not isinstance(check, dict):
            raise BadCheck("an object is expected, with `schema`, `fields` or both")
        fields = check.get("fields", {})
        if not isinstance(fields, dict):
            raise BadCheck("`fields` is an object: expected values by field")
        return Due(self._schema(check["schema"]) if "schema" in check else self.shared, fields)

    def unfit(self, schema: str, value: Any) -> str:
        """What does not fit first, without a word of the schema; empty where all fits."""
        reply = self._ask(schema=schema, value=json.dumps(value))
        if "unresolvable" in reply:
            raise BadCheck(f"the schema refers to what is not in it: {reply['unresolvable']}")
        if "deep" in reply:
            return "The JSON is nested too deep."
        if "slow" in reply:
            return "The JSON takes too long to be held against the form."
        if "keyword" not in reply:
            return ""
        words = WORDS.get(reply["keyword"], "that does not fit the form that is asked for")
        return f"At {_place(reply['place'])}: {words}."


def _look(part: str, due: Due | None, held: Held) -> Found:
    value = read_json(part)
    try:
        result = canonical(rounded(value))
    except RecursionError:
        raise Unreadable("The JSON is nested too deep.") from None
    schema = due.schema if due else held.shared
    wrong = held.unfit(schema, value) if schema else ""
    wrong = wrong or (_unlike(value, due.fields, held.params.tolerance) if due else "")
    return Found(passed=not wrong, feedback=wrong, result=result)


def _place(path: Sequence[Any]) -> str:
    names = ".".join(str(part) for part in path)
    return f"`{shortened(names, 80)}`" if names else "the top"


def _unlike(value: Any, fields: dict[str, Any], tolerance: float | None) -> str:
    """The first field that is not as expected; empty where all are."""
    for path, expected in fields.items():
        found = value
        for name in path.split("."):
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                return f"The field `{path}` is missing."
        if not _same(found, expected, tolerance):
            return f"The field `{path}` is not right."
    return ""


def _same(one: Any, other: Any, tolerance: float | None) -> bool:
    """Whether a JSON value is the other, which is due; true and 1 are not equal."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return near(one, other, tolerance, ROUNDING)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k], tolerance) for k in one)
    return type(one) is type(other) and bool(one == other)
