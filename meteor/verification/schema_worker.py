"""Hold one JSON value after another against a JSON Schema: a worker's script, since the patterns of
a schema may take for ever.

A request is `{schema}`, the reply `{}` or `{bad_schema}`; or `{schema, value}`, both as texts, and
the reply `{}` where the value fits, else the `keyword` that it does not fit and the `place`; or
`{deep}`, or `{unresolvable}` for a reference to what is not in the schema.
"""

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jsonschema import SchemaError, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import Draft202012Validator, extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

MEMORY = 1 << 30
STANDARD = frozenset(
    (
        *("date", "date-time", "time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex"),
    )
)
"""Formats that JSON Schema defines; others are remarks."""

EXTRA = "`pip install 'jsonschema[format-nongpl]'`, or write a pattern"


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Whether a schema is one, and whether a value fits it."""
    try:
        validator = _validator(request["schema"])
        if "value" not in request:
            return {}
        error = best_match(validator.iter_errors(json.loads(request["value"])))
    except (SchemaError, Unfit) as bad:
        return {"bad_schema": getattr(bad, "message", str(bad))}
    except Unresolvable as unknown:
        return {"unresolvable": str(unknown)}
    except RecursionError:
        return {"deep": True}
    if error is None:
        return {}
    return {"keyword": error.validator, "place": [str(part) for part in error.absolute_path]}


class Unfit(Exception):
    """What stands in a schema cannot be held here."""


@lru_cache(256)
def _validator(text: str) -> Any:
    """A validator that fetches nothing from elsewhere."""
    schema = json.loads(text)
    if not isinstance(schema, (dict, bool)):
        raise Unfit("a JSON Schema is an object")
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    for name in sorted(_formats(schema) & STANDARD - kind.FORMAT_CHECKER.checkers.keys()):
        raise Unfit(f"nothing here tells whether a text has the format {name!r}: {EXTRA}")
    exact = extend(kind, {"multipleOf": _multiple_of})
    return exact(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


def _formats(schema: Any) -> set[str]:
    """All formats that a schema asks for."""
    if isinstance(schema, list):
        return {name for part in schema for name in _formats(part)}
    if not isinstance(schema, dict):
        return set()
    own = schema.get("format")
    parts = [part for key, part in schema.items() if key not in ("enum", "const", "examples")]
    return _formats(parts) | ({own} if isinstance(own, str) else set())


def _multiple_of(validator: Any, step: Any, value: Any, _: Any) -> Iterator[ValidationError]:
    """As the digits are written: 4.02 is a multiple of 0.01, whatever floats make of it."""
    if validator.is_type(value, "number") and (
        not math.isfinite(value) or (Fraction(repr(value)) / Fraction(repr(step))).denominator != 1
    ):
        yield ValidationError("no multiple")
