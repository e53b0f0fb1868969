"""The answer's code as the tests see it: its process, and what is asked of it."""

import builtins
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from meteor.verification.inside.remote import (
    KIND,
    NAME,
    NUMBER,
    Kin,
    Remote,
    is_far,
    named_so,
    of_kin,
)
from meteor.verification.inside.wire import CHANGING, DEEPEST, Wire, decode, encode

MOST_CALLS = 1000
NONSENSE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError)
"""What decoding raises for what nobody has encoded."""

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
        self._objects: dict[int, Any] = {}
        self._errors: dict[str, type[Exception]] = {}
        self.calls: list[Call] = []
        self.last: Call | None = None

    def begin(self) -> None:
        """Wait until the code's process listens."""
        self._ask(begin=True)

    def load(self, code: str) -> dict[str, Any]:
        """Have the code run. The reply has `raised` where that went wrong."""
        reply = self._ask(load=code)
        return {**reply, "raised": _kinds(reply)[0]} if "raised" in reply else reply

    def named(self, name: str) -> Any:
        """The object of that name in the code. Raises NameError where there is none."""
        reply = self._ask(name=name)
        if "value" not in reply:
            raise NameError(name)
        return named_so(self._value(reply["value"]), name)

    def error(self, name: str, kind: Any) -> type[Exception]:
        """An exception of the code's own, to be caught: a class that has its name."""
        with suppress(Exception):
            bases = [base for base in self.do("getattr", kind, "__mro__") if type(base) is type]
            base = next((base for base in bases if issubclass(base, Exception)), Exception)
            self._errors[name] = type(name, (_Caught, base), {})
        return self._errors.setdefault(name, type(name, (_Caught, Exception), {}))

    def do(self, what: str, *arguments: Any, **named: Any) -> Any:
        """Have something done with objects there. Raises what was raised there, marked `far`."""
        reply = self._ask(
            do=what,
            arguments=[_encoded(part) for part in arguments],
            named={name: _encoded(part) for name, part in named.items()},
        )
        if "raised" in reply:
            kinds, message = _kinds(reply), str(reply.get("message", ""))[:300]
            if what == "call":
                self._note(arguments, named, f"raises {kinds[0]}: {message}", raised=True)
            raise self._exception(kinds, message, reply, silent=what == "next")
        value = self._value(reply.get("value"))
        if what == "call":
            self._note(arguments, named, f"gives {_shown(value)}")
            self._change([*arguments, *named.values()], reply.get("after"))
        return value

    def _ask(self, **request: Any) -> dict[str, Any]:
        try:
            self._wire.write(request)
            reply = self._wire.read()
        except (EOFError, OSError):
            raise Ended from None
        if not isinstance(reply, dict):
            raise Ended
        sys.stdout.write(str(reply.get("printed", "")))  # where the tests may catch it
        return reply

    def _value(self, sent: Any) -> Any:
        try:
            return decode(sent, self._found)
        except NONSENSE:
            raise Ended from None

    def _found(self, sent: Any) -> Any:
        """The object of a number, the same each time; of one that is data, too, it with the data
        that it has now.
        """
        _, number, *rest = sent if sent[0] == "object" else sent[1]
        number, name = int(number), str(rest[0])[:100]
        if sent[0] == "kin":
            data = decode(sent[2], self._found)
            known = self._objects.get(number)
            if not (isinstance(known, Kin) and _shown(known) == _shown(data)):
                self._objects[number] = of_kin(data, self, number, name)
        elif type(self._objects.get(number)) is not Remote:
            self._objects[number] = Remote(self, number, name, str(rest[1]))
        return self._objects[number]

    def _change(self, arguments: list[Any], after: Any) -> None:
        """Lists, sets and dicts that the code has changed in place are changed here, too."""
        if not isinstance(after, list):
            raise Ended
        for old, sent in zip(arguments, after, strict=False):
            if isinstance(old, CHANGING):
                new = self._value(sent)
                if type(new) is type(old) and _shown(new) != _shown(old):
                    old.clear()
                    old.extend(new) if isinstance(old, list) else old.update(new)

    def _note(self, arguments: Any, named: dict[str, Any], what: str, raised: bool = False) -> None:
        words = [_shown(part) for part in arguments[1:]]
        words += [f"{name}={_shown(part)}" for name, part in named.items()]
        text = f"{arguments[0].__dict__[NAME]}({', '.join(words)})"
        self.last = Call(text[:LONGEST], what[:LONGEST], raised)
        if len(self.calls) < MOST_CALLS:
            self.calls.append(self.last)

    def _exception(
        self, kinds: list[str], message: str, reply: dict[str, Any], silent: bool
    ) -> Exception:
        """The first of its classes that tests can catch: one of the code's own that they name, or
        a built-in one.
        """
        error: Exception = Other(f"{kinds[0]}: {message}")
        for name in kinds:
            kind = self._errors.get(name) or getattr(builtins, name, None)
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                continue
            if name in SILENT and not silent:
                break
            with suppress(TypeError):  # of one that is made of more
                error = kind(message)
            with suppress(TypeError):
                exact = kind(*self._value(["list", reply.get("parts") or []]))
                error = exact if str(exact) == message else error
            if isinstance(error, _Caught):
                error.there = self._value(reply.get("error"))
            break
        error.far = True  # type: ignore[attr-defined]
        return error


class _Caught:
    """An exception of the code's own, as the tests catch it: what it holds is asked of it there."""

    there: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.there is None:
            raise AttributeError(name)
        return getattr(self.there, name)


def _kinds(reply: dict[str, Any]) -> list[str]:
    """The names of a raised exception's classes, from its own up."""
    kinds = reply.get("raised")
    if not (isinstance(kinds, list) and kinds):
        raise Ended
    return [str(kind)[:100] for kind in kinds]


class _Named(str):
    """Shown as it stands."""

    def __repr__(self) -> str:
        return str(self)


def _shown(value: Any) -> str:
    """A value as text, with no call of the code's own and no address in it."""

    def found(sent: Any) -> Any:
        return _Named(f"<{sent[2]}>") if sent[0] == "object" else decode(sent[2], found)

    try:
        data = encode(value, lambda part: ["object", 0, _kind_of(part), ""])
        return repr(decode(data, found))
    except ValueError:  # Python's own limit, of digits, or ours of levels
        return "a number of thousands of digits"


def _kind_of(value: Any) -> str:
    return str(getattr(value, "__dict__", {}).get(KIND, ""))


def _encoded(value: Any) -> list[Any]:
    try:
        return encode(value, _sent)
    except ValueError:
        raise Unsendable(f"they hand over what is nested deeper than {DEEPEST} levels") from None


def _sent(value: Any) -> list[Any]:
    if is_far(value):
        return ["object", value.__dict__[NUMBER], ""]
    raise Unsendable(f"a {type(value).__name__} cannot be handed to the answer's code")
