"""The answer's code as the tests see it: its process, and the objects in it."""

import builtins
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from meteor.verification.inside.code import ARITHMETIC, BETWEEN
from meteor.verification.inside.wire import Wire, decode, encode

MOST_CALLS = 1000
LONGEST = 1000
"""Characters of a call and of what came of it, as they are noted."""

SILENT = ("StopIteration", "StopAsyncIteration", "GeneratorExit")
"""What would end a loop of the tests without a word."""


class Ended(BaseException):
    """The code's process is gone, or speaks nonsense."""


class Other(Exception):
    """The code raised an exception that the tests do not know."""


class Unsendable(Exception):
    """The tests hand over what is no data."""


@dataclass(frozen=True)
class Call:
    """A call of the code's, and what came of it."""

    text: str
    outcome: str
    raised: bool


class Far:
    """The code's process. `calls` are the first calls and what came of them, `last` the latest."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.calls: list[Call] = []
        self.last: Call | None = None

    def begin(self) -> None:
        """Wait until the code's process listens."""
        self._ask(begin=True)

    def load(self, code: str) -> dict[str, Any]:
        """Have the code run. The reply has `raised` where that went wrong."""
        return self._ask(load=code)

    def named(self, name: str) -> Any:
        """The object of that name in the code. Raises NameError where there is none."""
        reply = self._ask(name=name)
        if "value" not in reply:
            raise NameError(name)
        return _called(self._value(reply["value"]), name)

    def do(self, what: str, *arguments: Any, **named: Any) -> Any:
        """Have something done with objects there. Raises what was raised there, marked `far`."""
        reply = self._ask(
            do=what,
            arguments=[encode(part, _sent) for part in arguments],
            named={name: encode(part, _sent) for name, part in named.items()},
        )
        if "raised" in reply:
            kind, message = str(reply["raised"])[:100], str(reply.get("message", ""))[:300]
            if what == "call":
                self._note(arguments, named, f"raises {kind}: {message}", raised=True)
            raise _exception(kind, message, silent=what == "next")
        value = self._value(reply.get("value"))
        if what == "call":
            self._note(arguments, named, f"gives {_shown(value)}")
            self._change(arguments, reply.get("after"))
        return value

    def _ask(self, **request: Any) -> dict[str, Any]:
        try:
            self._wire.write(request)
            reply = self._wire.read()
        except (EOFError, OSError):
            raise Ended from None
        if not isinstance(reply, dict):
            raise Ended
        return reply

    def _value(self, sent: Any) -> Any:
        try:
            return decode(sent, lambda number, kind: Remote(self, int(number), str(kind)[:100]))
        except (LookupError, TypeError, ValueError, RecursionError, OverflowError):
            raise Ended from None

    def _change(self, arguments: tuple[Any, ...], after: Any) -> None:
        """Lists, sets and dicts that the code has changed in place are changed here, too."""
        if not isinstance(after, list):
            raise Ended
        for old, sent in zip(arguments, after, strict=False):
            if isinstance(old, (list, set, dict)):
                new = self._value(sent)
                if type(new) is type(old) and _shown(new) != _shown(old):
                    old.clear()
                    old.extend(new) if isinstance(old, list) else old.update(new)

    def _note(self, arguments: Any, named: dict[str, Any], what: str, raised: bool = False) -> None:
        words = [_shown(part) for part in arguments[1:]]
        words += [f"{name}={_shown(part)}" for name, part in named.items()]
        text = f"{arguments[0].__dict__['_name']}({', '.join(words)})"
        self.last = Call(text[:LONGEST], what[:LONGEST], raised)
        if len(self.calls) < MOST_CALLS:
            self.calls.append(self.last)


class Remote:
    """An object of the answer's code, in the tests' process. Where one of the tests' own values
    stands on the other side of a comparison, it is unequal: the code does not judge itself.
    """

    def __init__(self, far: Far, number: int, kind: str) -> None:
        self.__dict__.update(_far=far, _number=number, _kind=kind, _name=kind)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Have it called there."""
        return self._far.do("call", self, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return _called(self._far.do("getattr", self, name), name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._far.do("setattr", self, name, value)

    def __iter__(self) -> Iterator[Any]:
        return self._far.do("iter", self)  # type: ignore[no-any-return]

    __hash__ = object.__hash__


def _forward(name: str) -> Callable[..., Any]:
    def method(self: Remote, *others: Any) -> Any:
        return self._far.do(name, self, *others)

    return method


def _between(name: str, judges: bool) -> Callable[..., Any]:
    """An operator of two objects. Beside a value of the tests' a comparison is not made, and
    arithmetic has to give another object.
    """

    def method(self: Remote, other: Any) -> Any:
        if isinstance(other, Remote):
            return self._far.do(name, self, other)
        value = NotImplemented if judges else self._far.do(name, self, other)
        return value if isinstance(value, Remote) else NotImplemented

    return method


for _name in ("len", "next", "str", "repr", "bool", "getitem", "setitem", "delitem", "contains"):
    setattr(Remote, f"__{_name}__", _forward(_name))
for _name in BETWEEN:
    setattr(Remote, f"__{_name}__", _between(_name, judges=True))
for _name in ARITHMETIC:
    setattr(Remote, f"__{_name.rstrip('_')}__", _between(_name, judges=False))


class _Named(str):
    """Shown as it stands."""

    def __repr__(self) -> str:
        return str(self)


def _shown(value: Any) -> str:
    """A value as text, with no call of the code's own and no address in it."""
    data = encode(value, lambda part: ["object", 0, getattr(part, "__dict__", {}).get("_kind", "")])
    try:
        return repr(decode(data, lambda _, kind: _Named(f"<{kind}>")))
    except ValueError:  # Python's own limit
        return "a number of thousands of digits"


def _called(value: Any, name: str) -> Any:
    if isinstance(value, Remote):
        value.__dict__["_name"] = name
    return value


def _sent(value: Any) -> list[Any]:
    if isinstance(value, Remote):
        return ["object", value.__dict__["_number"], ""]
    raise Unsendable(f"a {type(value).__name__} cannot be handed to the answer's code")


def _exception(name: str, message: str, silent: bool) -> Exception:
    """The built-in exception of that name, so that tests can expect it."""
    kind = getattr(builtins, name, None)
    error: Exception = Other(f"{name}: {message}")
    if isinstance(kind, type) and issubclass(kind, Exception) and (silent or name not in SILENT):
        with suppress(TypeError):  # of one that is made of more than a text
            error = kind(message)
    error.far = True  # type: ignore[attr-defined]
    return error
