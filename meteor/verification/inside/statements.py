"""What a question's tests are made of: statements that can be run as they are meant, and the names
that they want of the answer's code.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence

OUT_OF_REACH = ("asyncio", "unittest.mock")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unusable(Exception):
    """The tests are no tests."""


def runnable(pieces: Sequence[str]) -> list[ast.stmt]:
    """The statements of some tests. Raises Unusable for what would not be run as it is meant, and
    where nothing is asked of the answer's code.
    """
    statements = [statement for piece in pieces for statement in _parsed(piece)]
    for statement in statements:
        _require_meaning(statement)
    if not free_names(statements):
        raise Unusable("they ask nothing of the answer's code")
    if not any(is_test(statement, checkers(statements)) for statement in statements):
        raise Unusable("there is no test in it: an assert, or a function test_…")
    return statements


def _parsed(piece: str) -> list[ast.stmt]:
    try:
        return ast.parse(piece).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unusable(f"not Python: {error}") from None


def _require_meaning(statement: ast.stmt) -> None:
    """Raise Unusable for tests that would pass whatever the code does."""
    for node in ast.walk(statement):
        for name in _modules(node):
            if name.startswith(OUT_OF_REACH):
                raise Unusable(f"{name} cannot reach the code, which runs in another process")
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Tuple) and node.test.elts:
            raise Unusable("`assert (a, b)` is always true: write `assert a, b`")
        if isinstance(node, ast.ClassDef) and (
            node.name.lower().startswith("test") or _asserts(node)
        ):
            raise Unusable(f"the class {node.name} is not run: write functions test_…")
        if isinstance(node, ast.AsyncFunctionDef) and (is_named_test(node) or _asserts(node)):
            raise Unusable(f"{node.name} is async, and nothing awaits it")
    if isinstance(statement, ast.FunctionDef) and is_named_test(statement):
        if statement.decorator_list or _takes_arguments(statement):
            raise Unusable(f"{statement.name} takes arguments or is decorated, as no test here is")
        if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own(statement)):
            raise Unusable(f"{statement.name} has a yield, and so would not be run")


def _modules(node: ast.AST) -> list[str]:
    """The modules that an import names."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def is_named_test(function: Function) -> bool:
    """Whether a function is a test by its name; `testing(x)` is none, since it wants something."""
    name = function.name
    return name.startswith("test_") or (name.startswith("test") and not _takes_arguments(function))


def _takes_arguments(function: Function) -> bool:
    return bool(function.args.args or function.args.posonlyargs or function.args.kwonlyargs)


def _asserts(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function's body, those of functions in it aside."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def checkers(statements: Iterable[ast.stmt]) -> set[str]:
    """The functions of the tests' own that assert something, as `check(candidate)`."""
    return {
        statement.name
        for statement in statements
        if isinstance(statement, ast.FunctionDef) and _asserts(statement)
    }


def is_test(statement: ast.stmt, checking: set[str]) -> bool:
    """Whether a statement is a test, or defines one: it asserts, or calls what does."""
    if isinstance(statement, ast.FunctionDef):
        return is_named_test(statement)
    if isinstance(statement, ast.ClassDef):
        return False
    called = {
        node.func.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return _asserts(statement) or bool(called & checking)


def free_names(statements: list[ast.stmt]) -> list[str]:
    """The names that the tests use and do not make, built-in ones aside: a built-in that the code
    makes anew is none of theirs.
    """
    used: set[str] = set()
    made: set[str] = {"__name__", *dir(builtins)}
    for node in _nodes(statements):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            made.add(node.name)
    return sorted(used - made)


def awaited_errors(statements: list[ast.stmt]) -> set[str]:
    """The names of exceptions that the tests catch."""
    kinds = [node.type for node in _nodes(statements) if isinstance(node, ast.ExceptHandler)]
    return {
        name.id for kind in kinds if kind for name in ast.walk(kind) if isinstance(name, ast.Name)
    }


def _nodes(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    return (node for statement in statements for node in ast.walk(statement))
