"""Cells of a table that hold lists and objects as a text: JSON, or what Python and numpy print of
them (as `to_csv` writes a data set).
"""

import io
import json
import tokenize
from typing import Any

from meteor.sources.columns import tidy
from meteor.sources.values import read_back

HELD = frozenset(
    (
        *("answers", "choices", "options", "endings", "history", "table", "sql", "questions"),
        *("messages", "conversations", "conversation", "dialogue", "dialog", "utterances", "data"),
        *("chosen", "paragraphs", "passages", "qas", "qa_pairs", "inputs", "outputs"),
    )
)
"""Columns that hold such values in the tables that have them."""
VALUES = (tokenize.STRING, tokenize.NUMBER)
SPACES = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def with_values(row: dict[str, Any]) -> list[Any] | None:
    """A row with the values that its cells hold as texts."""
    found = {name: _value(cell) for name, cell in row.items() if _may_hold(name, cell)}
    made = {name: value for name, value in found.items() if isinstance(value, (list, dict))}
    return [{**row, **made}] if made else None


def _may_hold(name: Any, cell: Any) -> bool:
    return isinstance(cell, str) and cell[:1] in ("[", "{") and tidy(str(name)) in HELD


def _value(text: str) -> Any:
    """The value that a text is; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return read_back(_with_commas(text))
    except (SyntaxError, tokenize.TokenError):
        return None


def _with_commas(text: str) -> str:
    """What numpy prints, as Python: `['a' 'b']` has no comma, and `array([1], dtype=int32)` says
    what it is.
    """
    parts: list[str] = []
    before, names = "", False
    for kind, sign, *_ in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind in SPACES or not sign or sign == "array":
            continue
        if sign == "dtype":  # up to the end of the array, with the comma before it
            names = True
            parts = parts[:-1]
        if names and sign != ")":
            continue
        names = False
        ends = before[-1:] in ("'", '"', "]", "}", ")") or before[-1:].isalnum()
        begins = (
            sign in ("[", "{", "(") or kind in VALUES or sign in ("None", "True", "False", "nan")
        )
        if ends and begins:
            parts.append(",")
        parts.append("None" if sign == "nan" else sign)
        before = sign
    return "".join(parts)
