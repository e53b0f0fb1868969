"""Texts of other people's making, before they go to a terminal, a log or a table."""

import re
from typing import Any

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""All but tab and newline: the codes that steer a terminal, and those that turn the direction of
writing or end a line in some programs alone.
"""
_LINE = re.compile("[\t\r\n]+")
_HALF = re.compile("[\ud800-\udfff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown(text: str) -> str:
    """The text with its control characters as their codes (of escape, x1b); lines stay lines."""
    return _CONTROL.sub(lambda found: _escape(found[0]), whole(text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """The same in one line, with single spaces."""
    return shown(" ".join(text.split()))


def whole(text: str) -> str:
    """The text with every half of a character that stands alone as U+FFFD, so that it can be
    written; two halves that belong together become the one character.
    """
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def label(value: Any) -> Any:
    """A text that names something (an id, a category), without what would break or steer a line:
    a blank for each run of such characters.
    """
    if not isinstance(value, str):
        return value
    if not value.isprintable():
        value = _CONTROL.sub(" ", _LINE.sub(" ", whole(value)))
    return value.strip()


def cell(text: str) -> str:
    """A text for a table that a spreadsheet may open: what begins like a formula gets an
    apostrophe in front, unless it is a number.
    """
    if not text.startswith(FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
