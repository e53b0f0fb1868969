"""Numbers in a text: digits with thousands and decimals in the ways of many countries, fractions,
powers of ten, words such as million, and the unit behind them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 400
"""Digits of a number, with its marks."""

TOKEN = r"(?>\d+(?:[.,']\d+|[ ]\d{3}(?!\d))*|[.,]\d+)"
POWER = r"\s?\^\s?\{?\s?(?P<%s>[+-]?\d{1,3})\s?\}?(?!\d)"
SCALES = {
    "hundred": 2,
    "thousand": 3,
    "tausend": 3,
    "mio": 6,
    "mln": 6,
    "million": 6,
    "millones": 6,
    "milioni": 6,
    "mrd": 9,
    "bn": 9,
    "milliard": 9,
    "miliardi": 9,
    "billion": 9,
    "trillion": 12,
}
SCALE = r"(?:hundred|thousand|tausend|mio|mln|million(?:s|en)?|millones|milioni|mrd|bn"
SCALE += r"|milliard(?:e|en|s)?|miliardi|billions?|trillions?)"
RAISED = r"(?:\^\{?-?\d\}?)?"
WORD = rf"(?:(?:square|cubic|sq\.?)\s+)?[^\W\d_]+[23]?(?![\w]){RAISED}(?:\s+(?:squared|cubed))?"
DEGREES = r"(?:degrees?|deg|Grad)\s+(?:Celsius|Fahrenheit|Kelvin|C|F)\b|\u00b0\s?[CFK]?\b|\u00b0"
UNIT = rf"%|\u2030|(?:{DEGREES}|{WORD})(?:(?:\s?[/*\u00b7]\s?|\s+per\s+){WORD})*"
NUMBER = re.compile(
    r"(?<![\w^\u221a\u03c0])(?<!\d[.,])(?P<sign>[+-]?)"
    r"(?:(?P<whole>\d{1,6})\s(?P<above>\d{1,4})\s?/\s?(?P<part>\d{1,4})(?!\d|[/.,]\d)"
    rf"|(?P<digits>{TOKEN})"
    rf"(?:[eE](?P<exponent>[+-]?\d{{1,3}})(?!\d)|\s?[\u00d7xX*\u00b7]\s?10{POWER % 'power'}"
    rf"|(?<=\b10){POWER % 'ten'})?"
    rf"(?:\s?/\s?(?P<below>{TOKEN})(?!\s?/\s?\d))?)"
    r"(?!\s?[\^\u221a\u03c0]|\d)"
    rf"(?:\s?(?P<scale>(?i:{SCALE}))\b\.?)?"
    rf"(?:[ \t$*)}}\]]*(?P<unit>{UNIT}))?"
)
CLOSED = re.compile(r"[\s.,;:!?)\]}$*\"']*(?:\Z|[\n;])")


@dataclass(frozen=True)
class Written:
    """A number with what is written behind it as its unit, which may be no unit at all: it is
    `closed` where nothing follows it. `start` is where the number begins.
    """

    value: Fraction
    unit: str = ""
    closed: bool = False
    start: int = 0


def numbers(text: str, decimal: str) -> Iterator[Written]:
    """The numbers in a text that `plain` has made. A list such as 1,2,3 is several; an expression
    such as 2^10 is none.
    """
    for found in NUMBER.finditer(text):
        unit = " ".join((found["unit"] or "").split())
        closed = bool(CLOSED.match(text, found.end()))
        for value in _values(found, decimal):
            yield Written(value, unit, closed, found.start())


def _values(found: "re.Match[str]", decimal: str) -> list[Fraction]:
    sign = -1 if found["sign"] == "-" else 1
    if found["whole"]:
        whole, above, part = (Fraction(found[name]) for name in ("whole", "above", "part"))
        if 0 < above < part:
            return [sign * (whole + above / part)]
        return [sign * whole, above / part] if part else [whole, above]
    if len(found[0]) > LONGEST and len(found["digits"]) > LONGEST:
        return []
    values = digits_of(found["digits"], decimal)
    if len(values) == 1:
        (value,) = values
        value = Fraction(10) ** int(found["ten"]) if found["ten"] else value
        value *= Fraction(10) ** int(found["exponent"] or found["power"] or 0)
        if found["below"]:
            below = digits_of(found["below"], decimal)
            if len(below) != 1:
                return [value, *below]
            if not below[0]:
                return []
            value /= below[0]
        if found["scale"]:
            value *= Fraction(10) ** _scale(found["scale"])
        values = [sign * value]
    return values if all(abs(value) < 10**308 for value in values) else []


def _scale(word: str) -> int:
    word = word.casefold()
    return next(power for name, power in SCALES.items() if word.startswith(name))


def digits_of(token: str, decimal: str) -> list[Fraction]:
    """The number that digits with marks between them are, or the numbers of a list. Where both
    readings are possible, as of 1,234, `decimal` decides.
    """
    if len(token) > LONGEST:
        return []
    spaced = re.split(r"[ ']", token)
    text = "".join(spaced)
    marks = [char for char in text if char in ".,"]
    parts = re.split(r"[.,]", text)
    if len(spaced) > 1:
        groups = re.split(r"[.,]", token)[0]
        if not re.fullmatch(r"\d{1,3}(?:[ ']\d{3})+", groups) or len(marks) > 1:
            return _list(token)
        return [_joined([parts[0]], parts[1:])]
    if not marks:
        return [Fraction(text)]
    last = marks[-1]
    if len(set(marks)) == 2:
        if marks.count(last) == 1 and _grouped(parts[:-1]):
            return [_joined(parts[:-1], parts[-1:])]
        return _list(token)
    if len(marks) > 1:
        return [_joined(parts, [])] if _grouped(parts) else _list(token)
    if last != decimal and _grouped(parts) and parts[0].strip("0"):
        return [_joined(parts, [])]
    return [_joined(parts[:1], parts[1:])]


def _grouped(parts: list[str]) -> bool:
    """Whether parts are thousands, as 1,234,567 or in India 12,34,567."""
    first, *middle, last = parts
    widths = {len(part) for part in middle}
    return 0 < len(first) <= 3 and len(last) == 3 and widths in (set(), {3}, {2})


def _joined(whole: list[str], below: list[str]) -> Fraction:
    return Fraction(f"{''.join(whole) or '0'}.{''.join(below) or '0'}")


def _list(token: str) -> list[Fraction]:
    return [Fraction(part) for part in re.split(r"[^\d]+", token) if part]
