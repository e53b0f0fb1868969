"""How the two processes speak: lines of JSON that carry nothing but data."""

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
    """A value as JSON; of a class derived from a built-in one, the built-in value. What is no data
    is what `keep` gives for it.
    """
    if depth > DEEPEST:
        raise ValueError("nested too deep")
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
    if isinstance(value, bytes):
        return ["bytes", bytes.hex(value)]
    for name, kind in SEQUENCES.items():
        if isinstance(value, kind):
            return [name, [encode(part, keep, depth + 1) for part in kind.__iter__(value)]]
    if isinstance(value, dict):
        pairs = dict.items(value)
        return ["dict", [[encode(part, keep, depth + 1) for part in pair] for pair in pairs]]
    return keep(value)


def decode(sent: Any, found: Callable[[Any, Any], Any]) -> Any:
    """What `encode` has written; `found` gives what is no data."""
    kind, value = sent[0], sent[1]
    if kind == "":
        return value if isinstance(value, (str, bool)) else None
    if kind == "int":
        return int(value, 16)
    if kind == "float":
        return float(value)
    if kind == "complex":
        return complex(value)
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind in SEQUENCES:
        return SEQUENCES[kind](decode(part, found) for part in value)
    if kind == "dict":
        return {decode(key, found): decode(part, found) for key, part in value}
    return found(value, sent[2])
