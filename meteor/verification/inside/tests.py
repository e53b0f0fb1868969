"""The process of the question's tests: it runs them statement by statement, and says what failed.

A test is an `assert` or another statement at the top, or a function `test_…`. The names that the
tests use and nobody else has made are those of the answer's code.
"""

import ast
import builtins
import json
import os
from collections.abc import Callable
from typing import Any

from meteor.verification.inside.far import Ended, Far, Unsendable
from meteor.verification.inside.wire import Wire, hide, silence

SHORT = 200
FAULTS = (NameError, ImportError, SyntaxError)


class Unusable(Exception):
    """The tests are no tests."""


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
    statements = [statement for piece in pieces for statement in _parsed(piece)]
    names = free_names(statements)
    if not names:
        raise Unusable("they ask nothing of the answer's code")
    try:
        loaded = far.load(code)
        if "raised" in loaded:
            return _failed(_why_not_loaded(loaded))
        space: dict[str, Any] = {"__name__": "tests"}
        for name in names:
            try:
                space[name] = far.named(name)
            except NameError:
                return _failed(f"There is no `{name}` in the code.")
    except Ended:
        return _failed("The code ends its process when it is loaded.")
    found = _run_all(statements, space, far)
    if not found["tests"]:
        raise Unusable("there is no test in it: an assert, or a function test_…")
    return found


def _run_all(statements: list[ast.stmt], space: dict[str, Any], far: Far) -> dict[str, Any]:
    failures: list[str] = []
    tests = 0
    for statement in statements:
        once = compile(ast.Module([statement], []), "tests", "exec")
        failures += _attempt(lambda once=once: exec(once, space), far, failures)  # type: ignore[misc]
        if isinstance(statement, ast.FunctionDef):
            if statement.name.startswith("test_"):
                tests += 1
                failures += _attempt(space[statement.name], far, failures)
        else:
            tests += any(isinstance(node, ast.Assert) for node in ast.walk(statement))
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


def _parsed(piece: str) -> list[ast.stmt]:
    """The statements of some tests. Raises Unusable for what cannot be run as they are meant."""
    try:
        statements = ast.parse(piece).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unusable(f"not Python: {error}") from None
    for statement in statements:
        name = getattr(statement, "name", "")
        if isinstance(statement, ast.ClassDef) and name.lower().startswith("test"):
            raise Unusable(f"the class {name} is not run: write functions test_…")
        plain = not getattr(statement, "decorator_list", []) and not _takes_arguments(statement)
        if isinstance(statement, ast.FunctionDef) and name.startswith("test_") and not plain:
            raise Unusable(f"{name} takes arguments or is decorated, as no test here is")
    return statements


def _takes_arguments(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef) and bool(statement.args.args)


def free_names(statements: list[ast.stmt]) -> list[str]:
    """The names that the tests use and do not make, built-in ones aside: a built-in that the code
    makes anew is none of theirs.
    """
    used: set[str] = set()
    made: set[str] = {"__name__", *dir(builtins)}
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return sorted(used - made)
