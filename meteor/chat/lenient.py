"""JSON as models write it: read where there is one way to read it, refused where there is not.

Comments after a value, single and curly quotes, unescaped quotes inside a reason, a comma too many
and closing braces too few are forms. A value is never guessed: what is neither JSON nor a text in
quotes comes out as a `Raw` text for the field to judge. json_repair is no help here, since it reads
`>8` as 8 and `"first", "second"` as "first".
"""

import json
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 32
"""Most brackets that are open at once in an object that is read: a verdict needs four."""
MOST_TRIES = 1000
"""Most braces of a text at which an object is looked for. A model that loops writes thousands."""
LONGEST = 50_000
"""Longest text, in characters, in which a broken object is looked for."""
LONGEST_WORD = 20
"""Characters of a text in quotes that may have a remark behind it: `"first" (slightly)`."""
QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019"}
_SPACE = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_KEY = re.compile(r"[A-Za-z_][\w -]{0,40}?(?=\s*:)")
_RAW = re.compile(r"(?:\([^()\n]{0,80}\)|[^,{}\[\]\n()])+")
_AFTER = re.compile(r"\s*(?:[}\]]|,\s*(?:[\"'\u201c\u2018}\]]|\w+\s*:|$)|$)")
"""What follows the quote that ends a text: the end of the object, or the next field."""


class Raw(str):
    """A value that stands without quotes, or with more than quotes."""


class Broken(ValueError):
    """No object can be read here."""


Span = tuple[dict[str, Any], int, int]


def sound(text: str) -> Iterator[Span]:
    """The outermost JSON objects of a text, each with its begin and end."""
    decoder = json.JSONDecoder(object_pairs_hook=once, strict=False)
    position = text.find("{")
    for _ in range(MOST_TRIES):
        if position < 0:
            return
        try:
            row, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if not too_deep(text[position:end]):
                yield row, position, end
        position = text.find("{", end)


def mended(text: str) -> Iterator[Span]:
    """The outermost objects that can be read though they are not JSON."""
    if len(text) > LONGEST or too_deep(text):
        return
    position = text.find("{")
    for _ in range(DEEPEST):
        if position < 0:
            return
        try:
            row, end = _Reader(text).read(position)
        except Broken:
            end = position + 1
        else:
            yield row, position, end
        position = text.find("{", end)


def too_deep(text: str) -> bool:
    """Whether more brackets are open at once than in any verdict; those in strings count, too."""
    depth = 0
    for mark in re.findall(r"[][(){}]", text):
        depth += 1 if mark in "[({" else -1
        if depth > DEEPEST:
            return True
    return False


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with its keys in small letters, none of which stands twice: which would count?"""
    row = {key.strip().lower(): value for key, value in pairs}
    if len(row) < len(pairs):
        raise Broken("a key stands twice")
    return row


class _Reader:
    """A reader of one text; each method takes a position and gives the value and its end."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, start: int) -> tuple[dict[str, Any], int]:
        """The object that begins at `start`. Closing braces may be missing at the text's end."""
        return self._object(start)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _here(self, at: int) -> str:
        return self.text[at : at + 1]

    def _object(self, at: int) -> tuple[dict[str, Any], int]:
        pairs: list[tuple[str, Any]] = []
        at = self._skip(at + 1)
        while self._here(at) not in ("}", ""):
            key, at = self._key(at)
            value, at = self._value(self._skip(at))
            pairs.append((key, value))
            at = self._next(at, "}")
        if not self._here(at) and pairs and isinstance(pairs[-1][1], (Raw, bool, type(None))):
            raise Broken("the text ends within a value, as `true` may go on to `true or false`")
        return once(pairs), at + 1

    def _list(self, at: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        at = self._skip(at + 1)
        while self._here(at) != "]":
            value, at = self._value(at)
            values.append(value)
            at = self._next(at, "]")
        return values, at + 1

    def _next(self, at: int, end: str) -> int:
        """The place of the next item, or of the end."""
        at = self._skip(at)
        if self._here(at) == ",":
            return self._skip(at + 1)
        if self._here(at) not in (end, "") or (end == "]" and not self._here(at)):
            raise Broken(f"at {at}: {end} or a comma is due")
        return at

    def _key(self, at: int) -> tuple[str, int]:
        if self._here(at) in QUOTES:
            end = self.text.find(QUOTES[self._here(at)], at + 1)
            key, after = self.text[at + 1 : end], self._skip(end + 1)
            if end > 0 and self._here(after) == ":" and "\n" not in key and len(key) <= 40:
                return key, after + 1
        elif found := _KEY.match(self.text, at):
            return found[0], self._skip(found.end()) + 1
        raise Broken(f"at {at}: a name is due")

    def _value(self, at: int) -> tuple[Any, int]:
        here = self._here(at)
        if here == "{":
            return self._object(at)
        if here == "[":
            return self._list(at)
        if here in QUOTES and (quoted := self._quoted(at)):
            return quoted
        found = _RAW.match(self.text, at)
        if not found or not found[0].strip():
            raise Broken(f"at {at}: a value is due")
        return _plain(found[0].strip()), found.end()

    def _quoted(self, at: int) -> tuple[str, int] | None:
        """A text in quotes. The quote that ends it is the first that an end or the next field
        follows; where a remark follows the first one instead, the whole is a `Raw` text.
        """
        close = QUOTES[self._here(at)]
        first = self._quote(close, at + 1)
        if first < 0:
            return None
        if remarked := self._remarked(at, first, close):
            return remarked
        end = first
        while end >= 0 and not _AFTER.match(self.text, end + 1):
            end = self._quote(close, end + 1)
        return (_unescaped(self.text[at + 1 : end]), end + 1) if end >= 0 else None

    def _remarked(self, at: int, first: int, close: str) -> tuple[Raw, int] | None:
        """A short text in quotes with a remark without any behind it, up to the next field."""
        found = _RAW.match(self.text, at)
        if not found or first - at > LONGEST_WORD or _AFTER.match(self.text, first + 1):
            return None
        plain = found.end() > first and close not in self.text[first + 1 : found.end()]
        ends = self._here(found.end()) in ("}", ",")
        return (Raw(found[0].strip()), found.end()) if plain and ends else None

    def _quote(self, close: str, at: int) -> int:
        while (at := self.text.find(close, at)) > 0 and self.text[at - 1] == "\\":
            at += 1
        return at


def _plain(text: str) -> Any:
    """JSON's own words and numbers, Python's words, and else the text as it stands."""
    words = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    return Raw(text)


def _unescaped(text: str) -> str:
    """A text without its escapes; backslashes of LaTeX stay."""
    return re.sub(r"\\([\"'/])", r"\1", text).replace("\\n", "\n")
