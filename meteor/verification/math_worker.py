"""Compare one mathematical expression after another: a worker's script, since sympy may take for
ever.

A request is `{answer, gold}` with a gold of null where none is known; the reply is
`{passed, result}`, the result null where the answer holds no expression, or `{bad_gold}`.
"""

import logging
from typing import Any

import math_verify

MEMORY = 2 << 30
logging.disable()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read both expressions and compare them. The time limit is the caller's."""
    gold = request["gold"]
    expected = None if gold is None else _read(gold)
    if gold is not None and not expected:
        return {"bad_gold": True}
    found = _read(request["answer"])
    if not found:
        return {"passed": False, "result": None}
    same = None
    if expected:
        same = bool(math_verify.verify(expected, found, timeout_seconds=None))
    return {"passed": same, "result": str(found[0])[:2000]}


def _read(text: str) -> list[Any]:
    """The expression in a text, in dollars, in a box or bare; empty where there is none."""
    for form in (text, f"${text}$"):
        if found := math_verify.parse(form, parsing_timeout=None):
            return list(found)
    return []
