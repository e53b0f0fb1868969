"""Values of other people's tables as texts: numbers, lists, the words for nothing, broken halves of
characters.
"""

import ast
import datetime
import decimal
import json
import math
import re
from collections.abc import Mapping
from typing import Any

NOTHING = frozenset(
    (
        *("nan", "-nan", "none", "null", "nil", "n/a", "#n/a", "#na", "-", "--"),
        *("<na>", "<nan>", "<null>", "<none>", "[deleted]", "[removed]"),
        *("noinput", "no input", "<noinput>", "nooutput", "no output", "<nooutput>"),
        *("#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "\\n"),
    )
)
"""In small letters: what pandas writes for a missing cell, what instruction data writes for no
input, what forums write for a deleted post, a spreadsheet where a formula failed, MySQL for null.
"""
TEXTS = (
    *("text", "stem", "full_text", "value", "content", "contexts", "sentences"),
    *("paragraph_text", "passage_text"),
)
"""Where the text of an object stands, the first of these that it has; else its first text."""
LONGEST_NOTHING = max(map(len, NOTHING)) + 2
SURROGATE = re.compile("[\ud800-\udfff]")


def is_nothing(value: Any) -> bool:
    """Whether a value says that there is none."""
    if isinstance(value, str):
        if len(value) > LONGEST_NOTHING and not value.isspace():
            return False
        word = value.strip()
        return not word or word == "NA" or word.lower().rstrip(".") in NOTHING
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, (list, dict)) and not value)


def as_text(value: Any) -> str | None:
    """A value as a text; texts of a list are joined by empty lines, of an object the one that says
    most. None where it is none.
    """
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        parts = [as_text(part) for part in value if not is_nothing(part)]
        return None if None in parts else "\n\n".join(part for part in parts if part)
    if isinstance(value, Mapping):
        return _of_object(value)
    if isinstance(value, datetime.timedelta):
        return str(value)
    return None


def _of_object(value: Mapping[str, Any]) -> str | None:
    """The text of an object: as PubMedQA's and HotpotQA's contexts, Mongo's ids."""
    titles, sentences = value.get("title"), value.get("sentences")
    if isinstance(titles, list) and isinstance(sentences, list) and len(titles) == len(sentences):
        parts = zip(titles, sentences, strict=True)
        return "\n\n".join(f"{as_text(t)}\n\n{as_text(s)}" for t, s in parts)
    named = (value[name] for name in (*TEXTS, *value) if name in value)
    return as_text(next((v for v in named if isinstance(v, (list, str)) and v), None))


def read_back(text: str) -> Any:
    """What a cell of a table has as a text, in JSON or as Python writes it; None where it is
    neither.
    """
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def mended(text: str) -> str:
    """A text that can be written: half a character becomes U+FFFD, two halves one character."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(text: str) -> str:
    """A value for an error message."""
    return text if len(text) <= 80 else text[:77] + "..."
