"""JSON as programs write it that is none by the letter: NaN and Infinity, a comma before a bracket,
numbers and characters that a strict reader refuses, other encodings. As bytes of a strict file.
"""

import io
import re
import string
from typing import IO, Any, TextIO

TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|(?<![\w.])-?(?:NaN|Infinity)\b|(?<![\w.])-?\d{19,}(?![\w.])|,(?=\s*[\]}])',
    re.DOTALL,
)
"""A text (or what was read of it), NaN, a long number, a comma too many."""
CONTROL = re.compile(r"[\x00-\x1f]")
WORD = string.ascii_letters + string.digits + "+-."
CHUNK = 2**16
LONGEST_TOKEN = 2**24
"""Characters of a text, above which it is one that nobody closes."""
EDGE = 256
"""Characters at the end of what was read that may belong to a token that has not ended."""


class Recoded(io.RawIOBase):
    """The characters of a text as bytes of UTF-8."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._bytes = text, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        if not self._bytes:
            self._bytes = self._next().encode("utf-8", "replace")
        part = self._bytes[: len(buffer)]
        self._bytes = self._bytes[len(part) :]
        buffer[: len(part)] = part
        return len(part)

    def _next(self) -> str:
        """Some characters; none at the end."""
        return self._text.read(CHUNK)


class Mended(Recoded):
    """The same, as strict JSON: what is no number is null, a number of too many digits a text."""

    def __init__(self, text: TextIO) -> None:
        super().__init__(text)
        self._waiting = ""

    def _next(self) -> str:
        while True:
            more = self._text.read(CHUNK)
            self._waiting += more
            end = self._end_of_tokens() if more else len(self._waiting)
            ready, self._waiting = self._waiting[:end], self._waiting[end:]
            if ready or not more:
                return TOKEN.sub(_mended, ready)

    def _end_of_tokens(self) -> int:
        """Up to where what was read has no token that goes on behind it."""
        text, last = self._waiting, 0
        edge = len(text[: max(len(text) - EDGE, 0)].rstrip(WORD))
        for found in TOKEN.finditer(text):
            if found.end() > edge:
                is_endless = len(text) - found.start() > LONGEST_TOKEN
                return edge if is_endless else min(found.start(), max(edge, last))
            last = found.end()
        return max(edge, last)


def _mended(token: re.Match[str]) -> str:
    text = token[0]
    if text[0] == '"':
        return CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
    if text[0] == ",":
        return ""
    return f'"{text}"' if text[-1].isdigit() else "null"


def recoded(data: IO[bytes], encoding: str) -> io.BufferedReader:
    """The bytes of a file in another encoding."""
    return io.BufferedReader(Recoded(_text(data, encoding)))


def mended(data: IO[bytes], encoding: str) -> io.BufferedReader:
    """The bytes of a file whose JSON is none by the letter."""
    return io.BufferedReader(Mended(_text(data, encoding)))


def _text(data: IO[bytes], encoding: str) -> TextIO:
    return io.TextIOWrapper(data, encoding=encoding, errors="replace", newline="")
