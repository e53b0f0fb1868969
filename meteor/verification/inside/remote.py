"""Objects of the answer's code, in the tests' process: whatever is done with one is done there."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

from meteor.verification.inside.code import ARITHMETIC, BETWEEN, IN_PLACE

HELD: dict[str, type] = {"list": list, "set": set, "dict": dict}
ALONE = (
    *("len", "next", "str", "repr", "hash", "getitem", "setitem", "delitem", "contains"),
    *("format", "reversed", "enter", "neg", "pos", "invert"),
)
TO_DATA = ("bool", "int", "float", "complex", "abs", "round", "index")
FAR, NUMBER, KIND, NAME, MIXED, HOLDS = ".far", ".number", ".kind", ".name", ".mixed", ".holds"
"""What is kept with an object, under names that no attribute of the code's has."""


class Remote:
    """An object of the answer's code. Where one of the tests' own values stands on the other side
    of a comparison, it is unequal, or as its data is where it is a list, a set or a dict: the code
    does not judge itself.
    """

    def __init__(self, far: Any, number: int, kind: str, holds: str = "") -> None:
        self.__dict__.update({FAR: far, NUMBER: number, KIND: kind, NAME: kind, MIXED: False})
        self.__dict__[HOLDS] = HELD.get(holds)

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # so that `isinstance(x, list)` is true of the code's list
        return self.__dict__[HOLDS] or Remote

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Have it called there."""
        return _do("call", self, *arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return named_so(_do("getattr", self, name), name)

    def __setattr__(self, name: str, value: Any) -> None:
        _do("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        _do("delattr", self, name)

    def __iter__(self) -> Iterator[Any]:
        return _do("iter", self)  # type: ignore[no-any-return]

    def __exit__(self, *error: object) -> None:
        """Leave it there. What a test raises goes on, whatever the code says to it."""
        _do("exit", self, None, None, None)

    def __instancecheck__(self, value: Any) -> bool:
        return is_far(value) and bool(_do("isinstance", value, self))

    def __subclasscheck__(self, other: Any) -> bool:
        return is_far(other) and bool(_do("issubclass", other, self))


class Kin:
    """A text, number or tuple of a class of the code's own: its data is here, the rest is there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return named_so(_do("getattr", self, name), name)

    def __missing__(self, key: Any) -> Any:
        return _do("getitem", self, key)

    def __str__(self) -> str:
        return str(_do("str", self))

    def __repr__(self) -> str:
        return str(_do("repr", self))


_KINDS: dict[type, type] = {}


def of_kin(data: Any, far: Any, number: int, name: str) -> Any:
    """The data, as an object that knows its number in the code's process."""
    kind = type(data)
    if kind not in _KINDS:
        # As classes of the library's are, it is sent as what it is made of, and as itself.
        _KINDS[kind] = type(f"Kin{kind.__name__}", (Kin, kind), {"__module__": "collections"})
    made = _KINDS[kind](data)
    made.__dict__.update({FAR: far, NUMBER: number, KIND: name})
    return made


def is_far(value: Any) -> bool:
    """Whether a value is an object of the code's."""
    return type(value) is Remote or isinstance(value, Kin)


def named_so(value: Any, name: str) -> Any:
    """The object, with the name that the tests have for it."""
    if type(value) is Remote:
        value.__dict__[NAME] = name
    return value


def _do(what: str, thing: Any, *others: Any, **named: Any) -> Any:
    return thing.__dict__[FAR].do(what, thing, *others, **named)


def _forward(name: str) -> Callable[..., Any]:
    def method(self: Remote, *others: Any) -> Any:
        return _do(name, self, *others)

    return method


def _to_data(name: str) -> Callable[..., Any]:
    """What makes data of an object; not of one that has one of the tests' own values in it, as the
    difference of an answer and what is expected.
    """

    def method(self: Remote, *others: Any) -> Any:
        if self.__dict__[MIXED]:
            raise TypeError(f"{name} of an object that the tests' own values stand in")
        return _do(name, self, *others)

    return method


def _compare(name: str) -> Callable[..., Any]:
    def method(self: Remote, other: Any) -> Any:
        if is_far(other):
            return _do(name, self, other)
        if self.__dict__[HOLDS]:
            return getattr(operator, name)(_do("plain", self), other)
        return NotImplemented

    return method


def _calculate(name: str, swapped: bool = False) -> Callable[..., Any]:
    """An operator of two objects. Beside a value of the tests' it has to give another object."""

    def method(self: Remote, other: Any) -> Any:
        pair = (other, self) if swapped else (self, other)
        value = self.__dict__[FAR].do(name, *pair)
        if is_far(other):
            return value
        if type(value) is not Remote:
            return NotImplemented
        if name not in IN_PLACE:
            value.__dict__[MIXED] = True
        return value

    return method


for _name in ALONE:
    setattr(Remote, f"__{_name}__", _forward(_name))
for _name in TO_DATA:
    setattr(Remote, f"__{_name}__", _to_data(_name))
for _name in BETWEEN:
    setattr(Remote, f"__{_name}__", _compare(_name))
for _name in ARITHMETIC:
    setattr(Remote, f"__{_name.rstrip('_')}__", _calculate(_name))
    setattr(Remote, f"__r{_name.rstrip('_')}__", _calculate(_name, swapped=True))
for _name in IN_PLACE:
    setattr(Remote, f"__{_name}__", _calculate(_name))
