"""A JSON value: an answer is right when it fits a JSON Schema and its fields are the expected ones.

`check` is `{schema: …, fields: …}`, either of which may be missing: a schema of the question's own,
and expected values by field, with dots into depth. The schema of all questions is a setting.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import FilePath

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Part, read_json
from meteor.verification.verifying import (
    BadCheck,
    Found,
    canonical,
    shortened,
    unfamiliar,
    verify,
)

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
}


class Json(Extraction):
    """Which schema, and how closely fields are compared."""

    take: Part = Field("fenced", description="what is taken from the answer: as everywhere")
    schema_file: FilePath | None = Field(
        None, description="JSON Schema of all questions without one of their own"
    )
    tolerance: float = Field(1e-9, ge=0, description="numbers may differ by this share")


@hookimpl
def plugin_params() -> type[Settings]:
    return Json


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Json) -> Iterator[Verdict | Failed]:
    shared = _read_schema(params.schema_file) if params.schema_file else None
    yield from verify(drafts, params, lambda part, check: _look(part, check, shared, params))


def _read_schema(file: Path) -> Any:
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
        _validator(schema)
    except (OSError, ValueError, BadCheck) as error:
        raise SettingsError(
            f"params.yaml: verifier.json.schema_file: {file} is no JSON Schema: {error}"
        ) from None
    return schema


def _look(part: str, check: Any, shared: Any, params: Json) -> Found:
    unfamiliar(check, ("schema", "fields"))
    if not (check is None or isinstance(check, dict)):
        raise BadCheck("an object is expected, with `schema`, `fields` or both")
    schema = (check or {}).get("schema", shared)
    fields = (check or {}).get("fields", {})
    if not isinstance(fields, dict):
        raise BadCheck("`fields` is an object: expected values by field")
    validator = None if schema is None else _validator(schema)
    value = read_json(part)
    result = canonical(value)
    wrong = _unfit(validator, value) if validator else ""
    wrong = wrong or _unlike(value, fields, params.tolerance)
    return Found(passed=not wrong, feedback=wrong, result=result)


def _validator(schema: Any) -> Any:
    """A validator that fetches nothing from elsewhere. Raises BadCheck for what is no schema."""
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    if not isinstance(schema, (dict, bool)):
        raise BadCheck("a JSON Schema is an object")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise BadCheck(f"not a JSON Schema: {error.message}") from None
    return kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


def _unfit(validator: Any, value: Any) -> str:
    """What does not fit the schema first, without a word of the schema; empty where all fits."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(validator.iter_errors(value))
    except RecursionError:
        return "The JSON is nested too deep."
    except Unresolvable as unknown:
        raise BadCheck(f"the schema refers to what is not in it: {unknown}") from None
    if error is None:
        return ""
    words = WORDS.get(error.validator, "that does not fit the form that is asked for")
    return f"At {_place(error.absolute_path)}: {words}."


def _place(path: Sequence[Any]) -> str:
    names = ".".join(str(part) for part in path)
    return f"`{shortened(names, 80)}`" if names else "the top"


def _unlike(value: Any, fields: dict[str, Any], tolerance: float) -> str:
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


def _same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two JSON values are equal; true and 1 are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or math.isclose(one, other, rel_tol=tolerance)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k], tolerance) for k in one)
    return type(one) is type(other) and bool(one == other)
