"""Units behind numbers, by pint: what one is, and how much it is of another."""

import re
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from typing import Any

from meteor.core.errors import SettingsError
from meteor.verification.verifying import BadCheck

LONGEST_UNIT = 40
PERCENT = {
    "%": 100,
    "percent": 100,
    "prozent": 100,
    "procent": 100,
    "pct": 100,
    "\u2030": 1000,
    "permille": 1000,
    "promille": 1000,
}
"""What is no unit of a quantity, but says of how many parts a number is a share."""

DEGREES = re.compile(r"(?:degrees?|deg|Grad)\s+([CFK])\w*|\u00b0\s?([CFK])", re.IGNORECASE)


def converted(value: Fraction, unit: str, to: str) -> float:
    """How many of the unit `to` a quantity is. Raises ValueError where it is none."""
    from pint.errors import PintError

    try:
        quantity = _registry().Quantity(float(value), parsed(unit))
        return float(quantity.to(parsed(to)).magnitude)
    except (PintError, BadCheck, OverflowError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


@cache
def parsed(text: str) -> Any:
    """A unit by its name. Raises BadCheck for what is none."""
    form = DEGREES.sub(lambda found: "deg" + (found[1] or found[2]).upper(), text)
    form = form.replace("\u00b7", "*").replace("\u00b0", "deg").replace("{", "").replace("}", "")
    form = re.sub(r"sq\.?\s", "square ", form)
    form = re.sub(r"(?<=[A-Za-z])([23])(?!\w)", r"^\1", form)
    if len(form) > LONGEST_UNIT or re.search(r"\d\d", form) or form.count("^") > 3:
        raise BadCheck(f"{text!r} is no unit")
    for written in dict.fromkeys((form, form.casefold())):
        try:
            return _registry().parse_units(written)
        except Exception:  # what its parser meets in a hostile text is of many kinds
            continue
    raise BadCheck(f"{text!r} is no unit that pint knows")


def in_base_units(value: Fraction, unit: str) -> tuple[float, str] | None:
    """A quantity in base units, so that equal ones are equal; None where the word is no unit, or
    pint is not here to say so.
    """
    if find_spec("pint") is None or not all(map(_known, re.findall(r"[^\W\d_]+", unit))):
        return None
    try:
        base = _registry().Quantity(float(value), parsed(unit)).to_base_units()
        return float(base.magnitude), f"{base.units:~}"
    except Exception:  # as above
        return None


@cache
def _known(word: str) -> bool:
    """Whether a word is the name or the sign of a unit; pint reads "cats" as centi-at, too."""
    if word in ("per", "square", "cubic", "sq", "squared", "cubed", "deg", "degree", "degrees"):
        return True
    if word in ("C", "F", "Celsius", "Fahrenheit"):
        return True
    try:
        unit = parsed(word)
    except BadCheck:
        return False
    return word in (f"{unit:~}", str(unit), f"{unit}s", "feet", "inches")


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
