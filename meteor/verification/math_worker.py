"""Compare one mathematical expression after another: a script, since sympy may take for ever.

A request is `{answer, gold}` with a gold of null where none is known; the reply is
`{passed, result}`, the result null where the answer holds no expression, or `{bad_gold}`.
"""

import importlib
import json
import logging
import resource
import signal
import sys
from typing import Any

MEMORY = 2 << 30


def main() -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    logging.disable()
    out = sys.stdout
    sys.stdout = sys.stderr
    importlib.import_module("math_verify")
    print("ready", file=out, flush=True)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        signal.alarm(request["alarm"])
        print(json.dumps(answer(request)), file=out, flush=True)
        signal.alarm(0)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read both expressions and compare them. The time limit is the caller's."""
    import math_verify

    gold = request["gold"]
    expected = None if gold is None else _read(gold, math_verify)
    if gold is not None and not expected:
        return {"bad_gold": True}
    found = _read(request["answer"], math_verify)
    if not found:
        return {"passed": False, "result": None}
    same = None
    if expected:
        same = bool(math_verify.verify(expected, found, timeout_seconds=None))
    return {"passed": same, "result": str(found[0])[:2000]}


def _read(text: str, math_verify: Any) -> list[Any]:
    """The expression in a text, in dollars, in a box or bare; empty where there is none."""
    for form in (text, f"${text}$"):
        if found := math_verify.parse(form, parsing_timeout=None):
            return list(found)
    return []


if __name__ == "__main__":
    main()
