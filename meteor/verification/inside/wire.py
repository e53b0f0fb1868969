"""How the two processes speak: lines of JSON that carry nothing but data."""

import builtins
import ctypes
import json
import os
from collections.abc import Callable
from typing import Any

LONGEST = 4_000_000
"""Bytes of a message."""

DUMPABLE = 4
DEEPEST = 50
"""Levels of lists in lists."""

SEQUENCES: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
TEXTS = {"decimal": ("Decimal",), "fractions": ("Fraction",)}
TIMES = ("date", "datetime", "time")
CHANGING = (list, set, dict)


def silence() -> None:
    """Let whatever is printed go nowhere: what was standard input and output carries messages."""
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def hide() -> None:
    """Let no process of the same user look into the memory of this one (Linux)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(DUMPABLE, 0, 0, 0, 0)


class Wire:
    """Lines of JSON from one file and to another."""

    def __init__(self, source: int, target: int) -> None:
        self._source = os.fdopen(source, "rb")
        self._target = os.fdopen(target, "wb", buffering=0)

    def read(self) -> Any:
        """The next message. Raises EOFError where there is none, or none that can be read."""
        line = self._source.readline(LONGEST)
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise EOFError from None

    def write(self, message: Any) -> None:
        """Send a message."""
        self._target.write(json.dumps(message).encode() + b"\n")


def encode(value: Any, keep: Callable[[Any], list[Any]], depth: int = 0) -> list[Any]:
    """A value as JSON; of a class derived from a built-in one (a named tuple, a number with a
    name), the built-in value beside what `keep` gives for the object. What is no data is what
    `keep` gives for it, and so is what a class of one's own makes of a list, a set or a dict, since
    a copy of it would not change with it.
    """
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    kind = type(value)
    own = kind.__module__ not in ("builtins", "collections")
    if own and isinstance(value, CHANGING):
        return keep(value)
    data = _data(value, keep, depth)
    if data is None:
        return _of_the_library(value, keep, depth) or keep(value)
    return ["kin", keep(value), data] if kind.__module__ != "builtins" else data


def plain(value: Any, keep: Callable[[Any], list[Any]]) -> list[Any]:
    """The built-in value of an object, as JSON; itself where it is of none."""
    return _data(value, keep, 0) or keep(value)


def _data(value: Any, keep: Callable[[Any], list[Any]], depth: int) -> list[Any] | None:
    if value is None or value is True or value is False:
        return ["", value]
    if isinstance(value, str):
        return ["", str.__str__(value)]
    if isinstance(value, int):
        return ["int", hex(int.__int__(value))]
    if isinstance(value, float):
        return ["float", float.__repr__(value)]
    if isinstance(value, complex):
        return ["complex", complex.__repr__(value)]
    if isinstance(value, (bytes, bytearray)):
        return [("bytes" if isinstance(value, bytes) else "bytearray"), bytes(value).hex()]
    for name, kind in SEQUENCES.items():
        if isinstance(value, kind):
            return [name, [encode(part, keep, depth + 1) for part in kind.__iter__(value)]]
    if isinstance(value, dict):
        pairs = dict.items(value)
        return ["dict", [[encode(part, keep, depth + 1) for part in pair] for pair in pairs]]
    return None


def _of_the_library(value: Any, keep: Callable[[Any], list[Any]], depth: int) -> list[Any] | None:
    """Values of Python's own classes: ranges, classes by name, exact numbers, times."""
    kind = type(value)
    if isinstance(value, type):
        there = vars(builtins).get(value.__name__) is value
        return ["type", value.__name__] if there else None
    if kind is range:
        return ["range", [hex(part) for part in (value.start, value.stop, value.step)]]
    if kind.__name__ in TEXTS.get(kind.__module__, ()):
        return [kind.__name__, str(value)]
    if kind.__module__ == "collections" and kind.__name__ == "deque":
        return ["deque", [encode(part, keep, depth + 1) for part in value]]
    if kind.__module__ == "datetime" and kind.__name__ in TIMES:
        return [kind.__name__, value.isoformat()]
    if kind.__module__ == "datetime" and kind.__name__ == "timedelta":
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    return None


def decode(sent: Any, found: Callable[[Any], Any]) -> Any:
    """What `encode` has written; `found` gives what is no data alone."""
    kind, value = sent[0], sent[1]
    if kind == "":
        return value if isinstance(value, (str, bool)) else None
    if kind in ("object", "kin"):
        return found(sent)
    if kind in SEQUENCES:
        return SEQUENCES[kind](decode(part, found) for part in value)
    if kind == "dict":
        return {decode(key, found): decode(part, found) for key, part in value}
    if kind == "deque":
        from collections import deque

        return deque(decode(part, found) for part in value)
    return _read(kind, value)


def _read(kind: str, value: Any) -> Any:
    if kind == "int":
        return int(value, 16)
    if kind in ("float", "complex"):
        return float(value) if kind == "float" else complex(value)
    if kind in ("bytes", "bytearray"):
        return getattr(builtins, kind).fromhex(value)
    if kind == "range":
        return range(*(int(part, 16) for part in value))
    if kind == "type":
        there = getattr(builtins, value)
        if isinstance(there, type):
            return there
    if kind in ("Decimal", "Fraction"):
        import decimal
        import fractions

        return getattr(decimal if kind == "Decimal" else fractions, kind)(value)
    if kind in TIMES or kind == "timedelta":
        import datetime

        made = getattr(datetime, kind)
        return made(*value) if kind == "timedelta" else made.fromisoformat(value)
    raise ValueError(f"nothing of the kind {kind!r} is sent")
