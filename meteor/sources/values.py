"""Values of other people's tables as texts: numbers, lists, the words for nothing, broken halves of
characters.
"""

import datetime
import decimal
import math
import re
from typing import Any

NOTHING = frozenset(
    (
        *("nan", "-nan", "none", "null", "nil", "n/a", "#n/a", "#na", "-", "--"),
        *("<na>", "<nan>", "<null>", "<none>", "[deleted]", "[removed]"),
        *("noinput", "no input", "<noinput>", "nooutput", "no output", "<nooutput>"),
    )
)
"""In small letters: what pandas writes for a missing cell, what instruction data writes for no
input, what forums write for a deleted post.
"""
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
    """A value as a text; texts of a list are joined by empty lines. None where it is none."""
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
    return None


def mended(text: str) -> str:
    """A text that can be written: half a character becomes U+FFFD, two halves one character."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(text: str) -> str:
    """A value for an error message."""
    return text if len(text) <= 80 else text[:77] + "..."
