"""The process of the question's tests: it runs them statement by statement, and says what failed.

A test is an `assert` or another statement at the top, or a function `test_…`. The names that the
tests use and nobody else has made are those of the answer's code.
"""

import ast
import json
import os
from collections.abc import Callable
from typing import Any

from meteor.verification.inside.far import Ended, Far, Unsendable
from meteor.verification.inside.statements import (
    Unusable,
    awaited_errors,
    checkers,
    free_names,
    is_named_test,
    is_test,
    runnable,
)
from meteor.verification.inside.wire import Wire, hide, silence

SHORT = 200
FAULTS = (NameError, ImportError, SyntaxError)


def main() -> None:
    """Read the job from standard input, speak with the code through files 3 and 4, and write what
    came out to what was standard output.
    """
    job = json.loads(os.fdopen(os.dup(0), "rb").readline())
    out = os.fdopen(os.dup(1), "wb")
    silence()
    hide()
    far = Far(Wire(3, 4))
    far.begin()
    out.write(b"ready\n")
    out.flush()
    try:
        found = run(job["code"], job["tests"], far)
    except Unusable as error:
        found = {"unusable": str(error)}
    found["outcomes"] = [call.outcome for call in far.calls]
    out.write(json.dumps(found).encode() + b"\n")
    out.flush()
    os._exit(0)


def run(code: str, pieces: list[str], far: Far) -> dict[str, Any]:
    """Load the code and run all tests: how many `tests` there are, how many `failed`, and what the
    `first` failure was. Raises Unusable where the tests are at fault.
    """
    statements = runnable(pieces)
    try:
        loaded = far.load(code)
        if "raised" in loaded:
            return _failed(_why_not_loaded(loaded))
        space: dict[str, Any] = {"__name__": "tests"}
        for name in free_names(statements):
            try:
                space[name] = far.named(name)
            except NameError:
                return _failed(f"There is no `{name}` in the code.")
    except Ended:
        return _failed("The code ends its process when it is loaded.")
    for name in awaited_errors(statements) & space.keys():
        space[name] = far.error(name, space[name])
    return _run_all(statements, space, far)


def _run_all(statements: list[ast.stmt], space: dict[str, Any], far: Far) -> dict[str, Any]:
    failures: list[str] = []
    tests, checking = 0, checkers(statements)
    for statement in statements:
        once = compile(ast.Module([statement], []), "tests", "exec")
        failures += _attempt(lambda once=once: exec(once, space), far, failures)  # type: ignore[misc]
        if isinstance(statement, ast.FunctionDef) and is_named_test(statement):
            failures += _attempt(space[statement.name], far, failures)
        tests += is_test(statement, checking)
    return {"tests": tests, "failed": len(failures), "first": failures[0] if failures else ""}


def _attempt(test: Callable[[], Any], far: Far, failures: list[str]) -> list[str]:
    """Run one test; what went wrong, if anything did. Raises Unusable where it is at fault."""
    far.last = None
    try:
        test()
    except Ended:
        return ["The code ends its process."]
    except Unsendable as error:
        raise Unusable(str(error)) from None
    except BaseException as error:
        if isinstance(error, FAULTS) and not hasattr(error, "far") and not failures:
            raise Unusable(f"{type(error).__name__}: {error}") from None
        return [_what_came(far)]
    return []


def _what_came(far: Far) -> str:
    """The last call of a test that failed, and what it gave; never what was expected."""
    if far.last is None:
        return "A test fails."
    end = "." if far.last.raised else ", which is not right."
    return f"`{far.last.text[:SHORT]}` {far.last.outcome[:SHORT]}{end}"


def _why_not_loaded(reply: dict[str, Any]) -> str:
    where = f" (line {reply['line']})" if isinstance(reply.get("line"), int) else ""
    what = f"{reply['raised']}: {reply.get('message', '')}"
    return f"The code does not run: {what[:SHORT]}{where}."


def _failed(why: str) -> dict[str, Any]:
    return {"tests": 1, "failed": 1, "first": why}
