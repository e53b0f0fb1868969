"""Which number an answer comes to, and whether it is the expected one."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from meteor.core.settings import Field
from meteor.verification.denials import denied
from meteor.verification.extraction import Unreadable
from meteor.verification.numerals import Written, numbers
from meteor.verification.plain import plain
from meteor.verification.units import PERCENT, converted, in_base_units, parsed
from meteor.verification.verifying import WRONG, BadCheck, Tolerant, near, unfamiliar

ROUNDING, LEAST = 1e-6, 1e-12
ENUMERATED = re.compile(r"^\s*\(?\d{1,2}[.)]\s+(?=[^\W\d_])", re.MULTILINE)
LONGEST_WHOLE = 10**21


class Measure(Tolerant):
    """How numbers are read and compared."""

    decimal: Literal[".", ","] = Field(
        ".", description="what stands before the decimals, where a number can be read both ways"
    )
    among_several: Literal["refuse", "last"] = Field(
        "refuse",
        description="where several numbers stand in what is taken, and none follows a last `=` or "
        "`####`: the answer is not right, or the last one counts",
    )


@dataclass(frozen=True)
class Expected:
    """What a `check` asks for; `share` is a tolerance, `parts` 100 where it is a percentage."""

    value: Fraction
    unit: str
    share: float | None
    parts: int = 1


def number_in(text: str, how: Measure) -> Written:
    """The number in a text: the only one, or the one behind the last `=` or `####`. Raises
    Unreadable where there is none, or several of which one may be right.
    """
    text = plain(text)
    found = list(numbers(text, how.decimal))
    for less in (re.split(r"=|####", text)[-1], ENUMERATED.sub("", text)):
        if len(found) > 1 and (fewer := list(numbers(less, how.decimal))):
            text, found = (less, fewer) if len(fewer) < len(found) else (text, found)
    if not found:
        raise Unreadable("There is no number where the answer is expected.")
    if len(found) == 2 and _twice(text, *found):
        return found[0]
    if len(found) > 1 and how.among_several == "refuse":
        raise Unreadable(f"There are {len(found)} numbers where one is expected.")
    if "\u00b1" in text:
        raise Unreadable("There are 2 numbers where one is expected.")
    if denied(text[: found[-1].start], ""):
        raise Unreadable("The answer says which number it is not.")
    return found[-1]


def _twice(text: str, one: Written, other: Written) -> bool:
    """Whether the second number says the first in another way, in brackets: "0.5 (50%)"."""
    return "(" in text[one.start : other.start] and worth(one) == worth(other)


def expected(check: Any, how: Measure) -> Expected:
    """Read a `check`. Raises BadCheck."""
    unfamiliar(check, ("value", "unit", "tolerance"))
    fields: dict[str, Any] = check if isinstance(check, dict) else {"value": check}
    unit, share = fields.get("unit") or "", fields.get("tolerance", how.tolerance)
    if not isinstance(unit, str):
        raise BadCheck("`unit` is a text, as km/h")
    if not (share is None or (_is_number(share) and 0 <= share < 1)):
        raise BadCheck(f"the tolerance {share!r} is no share: of one percent it is 0.01")
    value, parts = _value(fields.get("value"), how)
    if unit:
        parsed(unit)
    return Expected(value, unit, share, parts)


def _value(value: Any, how: Measure) -> tuple[Fraction, int]:
    if isinstance(value, str):
        try:
            written = number_in(value, how)
        except Unreadable:
            raise BadCheck(f"{value!r} is no number") from None
        parts = PERCENT.get(written.unit.casefold(), 1)
        if written.unit and parts == 1:
            raise BadCheck(
                f"{value!r} is more than a number: write the number alone, or "
                f"{{value: …, unit: {written.unit!r}}}"
            )
        return written.value, parts
    if not _is_number(value):
        raise BadCheck("a number is expected, or {value: …, unit: …, tolerance: …}")
    return Fraction(str(value)), 1


def _is_number(value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) < 10**308 and math.isfinite(value)


def compared(found: Written, due: Expected) -> tuple[bool, str]:
    """Whether a number is the expected one, and what is wrong where it is not."""
    if due.unit and not found.unit:
        return False, "The unit is missing."
    try:
        readings = _converted(found, due) if due.unit else _readings(found, due)
    except ValueError:
        return False, "The unit is not right."
    fits = any(near(one, other, due.share, ROUNDING, LEAST) for one, other in readings)
    return fits, "" if fits else WRONG


def _converted(found: Written, due: Expected) -> list[tuple[Any, Fraction]]:
    return [(converted(found.value, found.unit, due.unit), due.value)]


def _readings(found: Written, due: Expected) -> list[tuple[Any, Fraction]]:
    """As both are written; and where one of them alone is a percentage, as the share it is: of
    50 % the check may be 50, or 0.5.
    """
    parts = PERCENT.get(found.unit.casefold(), 1)
    written = (found.value, due.value)
    if parts == due.parts:
        return [written]
    return [written, (found.value / parts, due.value / due.parts)]


def worth(found: Written) -> str:
    """A number as a text that is equal for equal ones: a percentage as the share it is, and what
    stands alone with a unit in base units.
    """
    parts = PERCENT.get(found.unit.casefold(), 0)
    if parts:
        return _shown(found.value / parts)
    if found.unit and found.closed and (base := in_base_units(found.value, found.unit)):
        return f"{base[0] + 0.0:.12g} {base[1]}".strip()
    return _shown(found.value)


def _shown(value: Fraction) -> str:
    if value.denominator == 1 and abs(value) < LONGEST_WHOLE:
        return str(value)
    return f"{float(value):.12g}"
