"""Numbers as people write them, with units, and whether two of them are the same."""

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, Settings
from meteor.verification.extraction import Unreadable
from meteor.verification.verifying import WRONG, BadCheck, unfamiliar

MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
UNIT = r"(?P<unit>%|‰|°[CF]?|[^\W\d_][\w²³]*(?:(?:\s?[/*·^]\s?|\s+per\s+)[\w²³]+)*)"
LONGEST_UNIT = 40


class Measure(Settings):
    """How numbers are read and compared."""

    decimal: Literal[".", ","] = Field(".", description="what stands before the decimals")
    tolerance: float = Field(1e-6, ge=0, description="share by which a number may differ")
    among_several: Literal["refuse", "last"] = Field(
        "refuse",
        description="where several numbers stand in what is taken, and none follows a last `=` or "
        "`####`: the answer is not right, or the last one counts",
    )


@dataclass(frozen=True)
class Written:
    """A number with the unit that is written behind it, which may be no unit at all."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value:.12g}"


@dataclass(frozen=True)
class Expected:
    """What a `check` asks for."""

    value: float
    unit: str
    tolerance: float


def number_in(text: str, how: Measure) -> Written:
    """The number in a text: the only one, or the one behind the last `=` or `####`. Raises
    Unreadable where there is none, or several of which one may be right.
    """
    text = text.translate(MINUS)
    found = _numbers(text, how.decimal)
    if len(found) > 1:
        found = _numbers(re.split(r"=|####", text)[-1], how.decimal) or found
    if not found:
        raise Unreadable("There is no number where the answer is expected.")
    if len(found) > 1 and how.among_several == "refuse":
        raise Unreadable(f"There are {len(found)} numbers where one is expected.")
    return found[-1]


def _numbers(text: str, decimal: str) -> list[Written]:
    group = "[, ']" if decimal == "." else "[. ']"
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+"
    point = re.escape(decimal)
    number = rf"[+-]?(?:(?:{whole})(?:{point}\d+)?|{point}\d+)(?:[eE][+-]?\d{{1,3}}(?!\d))?"
    pattern = rf"(?<![\w.,])(?P<number>{number})(?:\s*/\s*(?P<below>\d+))?(?:\s*{UNIT})?"
    return [written for found in re.finditer(pattern, text) if (written := _read(found, decimal))]


def _read(found: "re.Match[str]", decimal: str) -> Written | None:
    digits = re.sub(r"[ ']" if decimal == "." else r"[ '.]", "", found["number"])
    digits = digits.replace(",", "" if decimal == "." else ".")
    value = float(digits) if len(digits) < 400 else math.inf
    if found["below"]:
        value = value / float(found["below"]) if float(found["below"]) else math.inf
    return Written(value, (found["unit"] or "").strip()) if math.isfinite(value) else None


def expected(check: Any, how: Measure) -> Expected:
    """Read a `check`. Raises BadCheck."""
    unfamiliar(check, ("value", "unit", "tolerance"))
    fields: dict[str, Any] = check if isinstance(check, dict) else {"value": check}
    value: Any = fields.get("value")
    unit = fields.get("unit") or ""
    if isinstance(value, str):
        try:
            written = number_in(value, how)
        except Unreadable:
            raise BadCheck(f"{value!r} is no number") from None
        value = written.value
    tolerance = fields.get("tolerance", how.tolerance)
    if not (_is_number(value) and _is_number(tolerance) and isinstance(unit, str)):
        raise BadCheck("a number is expected, or {value: …, unit: …, tolerance: …}")
    if unit:
        _unit(unit)
    return Expected(float(value), unit, float(tolerance))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def compared(found: Written, due: Expected) -> tuple[bool, str]:
    """Whether a number is the expected one, and what is wrong where it is not."""
    value = found.value
    if due.unit:
        if not found.unit:
            return False, "The unit is missing."
        try:
            value = _converted(found, due.unit)
        except (ValueError, BadCheck):
            return False, "The unit is not right."
    near = math.isclose(value, due.value, rel_tol=due.tolerance, abs_tol=due.tolerance * 1e-6)
    return (True, "") if near else (False, WRONG)


def _converted(found: Written, unit: str) -> float:
    from pint.errors import PintError

    try:
        quantity = _registry().Quantity(found.value, _unit(found.unit))
        return float(quantity.to(_unit(unit)).magnitude)
    except (PintError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


def _unit(text: str) -> Any:
    """A unit by its name. Raises BadCheck for what is none."""
    text = text.replace("²", "^2").replace("³", "^3").replace("·", "*").replace("°", "deg")
    if len(text) > LONGEST_UNIT or re.search(r"\d\d", text) or text.count("^") > 3:
        raise BadCheck(f"{text!r} is no unit")
    try:
        return _registry().parse_units(text)
    except Exception:  # what its parser meets in a hostile text is of many kinds
        raise BadCheck(f"{text!r} is no unit that pint knows") from None


@cache
def _registry() -> Any:
    try:
        from pint import UnitRegistry
    except ImportError:
        raise SettingsError(
            "a question's check has a unit, and pint is not installed: "
            "`pip install 'meteor-pipeline[units]'`"
        ) from None
    return UnitRegistry(autoconvert_offset_to_baseunit=True)
