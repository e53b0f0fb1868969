"""The process of the answer's code: it does what the tests ask, and says what came out."""

import builtins
import io
import operator
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from meteor.verification.inside.wire import CHANGING, Wire, decode, encode, plain, silence

MOST_PRINTED = 100_000
"""Bytes of what is printed in one call, at most as many more as are printed at once."""

BETWEEN = ("eq", "ne", "lt", "le", "gt", "ge")
ARITHMETIC = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_"),
    *("xor", "lshift", "rshift"),
)
IN_PLACE = ("iadd", "isub", "imul", "itruediv", "ior", "iand")
ALONE: dict[str, Callable[..., Any]] = {
    **{kind.__name__: kind for kind in (str, bool, int, float, complex)},
    **{kind.__name__: kind for kind in (len, repr, iter, next, hash, abs, round, format)},
    **{kind.__name__: kind for kind in (reversed, getattr, setattr, delattr)},
    **{kind.__name__: kind for kind in (isinstance, issubclass)},
    **{name: getattr(operator, name) for name in ("getitem", "setitem", "delitem", "contains")},
    **{name: getattr(operator, name) for name in ("neg", "pos", "invert", "index")},
    **{name: getattr(operator, name) for name in (*BETWEEN, *ARITHMETIC, *IN_PLACE)},
    "enter": lambda manager: type(manager).__enter__(manager),
    "exit": lambda manager, *error: type(manager).__exit__(manager, *error),
}


def main() -> None:
    """Speak through what was standard input and output."""
    wire = Wire(os.dup(0), os.dup(1))
    silence()
    printed = Printed()
    sys.stdout = io.TextIOWrapper(printed, "utf-8", "replace", write_through=True)
    run(wire, printed)


class Printed(io.BytesIO):
    """What the code prints, as far as it is kept, until it is told."""

    def write(self, data: Any) -> int:
        """Keep it, or not; it is taken either way."""
        if self.tell() < MOST_PRINTED:
            super().write(data)
        return len(data)

    def told(self) -> str:
        """What has been printed since it was last told."""
        text = self.getvalue().decode("utf-8", "replace")
        self.seek(0)
        self.truncate()
        return text


class Kept:
    """The objects that the tests know by number, each by one."""

    def __init__(self) -> None:
        self._all: list[Any] = []
        self._numbers: dict[int, int] = {}

    def keep(self, value: Any) -> list[Any]:
        """What is sent for an object: its number, its class, and what it is a list or dict of."""
        number = self._numbers.setdefault(id(value), len(self._all))
        if number == len(self._all):
            self._all.append(value)
        holds = next((kind.__name__ for kind in CHANGING if isinstance(value, kind)), "")
        return ["object", number, type(value).__name__, holds]

    def find(self, sent: list[Any]) -> Any:
        """The object that the tests mean."""
        return self._all[sent[1] if sent[0] == "object" else sent[1][1]]


def run(wire: Wire, printed: Printed) -> None:
    """Load the answer's code, then do what the tests ask."""
    kept = Kept()
    module = ModuleType("answer")
    sys.modules["answer"] = module  # where dataclasses and the like look for a class's names
    space = vars(module)
    space["__builtins__"] = builtins
    while True:
        request = wire.read()
        arguments: list[Any] = []
        try:
            if "load" in request:
                exec(compile(request["load"], "answer", "exec", dont_inherit=True), space)
                value = None
            elif "begin" in request:
                value = None
            elif "name" in request:
                if request["name"] not in space:
                    wire.write({"missing": True})
                    continue
                value = space[request["name"]]
            else:
                arguments = [decode(part, kept.find) for part in request["arguments"]]
                named = {n: decode(v, kept.find) for n, v in request["named"].items()}
                if request["do"] == "plain":
                    wire.write({"value": plain(arguments[0], kept.keep)})
                    continue
                value = _do(request["do"], arguments, named)
                arguments = [*arguments, *named.values()]
            after = [encode(part, kept.keep) for part in arguments]
            reply: dict[str, Any] = {"value": encode(value, kept.keep), "after": after}
        except BaseException as error:
            reply = _raised(error, kept)
        if text := printed.told():
            reply["printed"] = text
        wire.write(reply)


def _do(what: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    if what == "call":
        return arguments[0](*arguments[1:], **named)
    return ALONE[what](*arguments)


def _raised(error: BaseException, kept: Kept) -> dict[str, Any]:
    """What was raised, of which classes, and in which line of the answer."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "answer":
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        parts = [encode(part, kept.keep) for part in error.args]
    except BaseException:
        message, parts = "", []
    return {
        "raised": [kind.__name__ for kind in type(error).__mro__],
        "message": str(message)[:300],
        "parts": parts,
        "error": kept.keep(error),
        "line": line,
    }
