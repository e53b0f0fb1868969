"""Compare one mathematical expression after another: a worker's script, since sympy may take for
ever.

A request is `{gold}`, and the reply whether it is `readable`; or `{answer, gold}` with a gold of
null where none is known, and the reply `{passed, result}`, the result null where the answer holds
no expression.
"""

import logging
import re
from typing import Any

import math_verify
import sympy

MEMORY = 2 << 30
SMALL = 1e-3
"""Below it math-verify's six decimals are too few to tell two numbers apart."""

NUMBER = r"-?(?:\d[\d.,]*\d|\d)"
BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
MIXED = re.compile(r"(?<![\d./])(-?)(\d+) (\d+/\d+)(?![\d/])")
SEVERAL = re.compile(rf"{NUMBER}(?:(?:, |,? (?:and|or|und|oder) ){NUMBER})+")
logging.disable()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read both expressions and compare them. The time limit is the caller's."""
    expected = None if request["gold"] is None else _read(request["gold"])
    if "answer" not in request:
        return {"readable": bool(expected)}
    found = _read(request["answer"])
    if not found:
        return {"passed": False, "result": None}
    same = expected and math_verify.verify(expected, found, timeout_seconds=None)
    passed = None if expected is None else bool(same) and _near(found[0], expected[0])
    return {"passed": passed, "result": _written(found[0])}


def _read(text: str) -> list[Any]:
    """The expression in a text, in dollars, in a box or bare; empty where there is none. Several
    that stand side by side are the set of them.
    """
    boxes = BOXED.findall(text)
    if len(boxes) != text.count("\\boxed"):
        return []
    if boxes:
        text = f"${', '.join(dict.fromkeys(boxes))}$"
    elif "\\" not in text and "$" not in text:
        text = MIXED.sub(r"\1(\2+\3)", text)
        if several := SEVERAL.search(text):
            text = f"${re.sub(r',? (?:and|or|und|oder) ', ', ', several[0])}$"
    for form in (text, f"${text}$"):
        if found := math_verify.parse(form, parsing_timeout=None):
            return list(found)
    return []


def _value(expression: Any) -> float | None:
    """The number that an expression is; None for what is none, or not real."""
    try:
        return float(expression.doit()) if expression.is_number else None
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def _near(one: Any, other: Any) -> bool:
    """Whether two numbers that are the same in six decimals are near: a percentage is as good as
    the share that it is.
    """
    value, due = _value(one), _value(other)
    if value is None or due is None or max(abs(value), abs(due)) > SMALL:
        return True
    return any(abs(value * by - due) <= 1e-6 * abs(due) for by in (1, 100, 0.01))


def _written(expression: Any) -> str:
    """An expression as a text that is equal for equal ones, as far as multiplying out tells."""
    value = _value(expression)
    if value is not None:
        exact = expression.doit()
        return str(exact) if exact.is_Integer else f"{value + 0.0:.12g}"
    if isinstance(expression, sympy.Expr):
        expression = sympy.expand(expression.doit())
    return str(expression)
