"""Objects of the answer's code in the hands of the tests: what programs do with them works."""

import pytest

from tests.verification.asking import verdict

POINT = """
from collections import namedtuple
Point = namedtuple("Point", "x y")
def make(x, y):
    return Point(x, y)
"""
VECTOR = """
from __future__ import annotations
from dataclasses import dataclass
import math

@dataclass(frozen=True)
class Vector:
    x: float
    y: float = 0
    def __add__(self, other: Vector) -> Vector:
        return Vector(self.x + other.x, self.y + other.y)
    def __radd__(self, other):
        return self if other == 0 else NotImplemented
    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)
    __rmul__ = __mul__
    def __neg__(self):
        return Vector(-self.x, -self.y)
    def __abs__(self):
        return math.hypot(self.x, self.y)
    def __round__(self, digits=0):
        return round(abs(self), digits)
    def __reversed__(self):
        return iter((self.y, self.x))
    def __format__(self, spec):
        return f"<{self.x:{spec}}>"
"""
SHAPES = """
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    def __init__(self, side):
        self._name, self.side = "square", side
    def area(self):
        return self.side ** 2
"""
ACCOUNT = """
class InsufficientFunds(ValueError):
    def __init__(self, missing):
        super().__init__(f"{missing} are missing")
        self.missing = missing
class Account:
    def __init__(self):
        self.money = 5
    def take(self, amount):
        if amount > self.money:
            raise InsufficientFunds(amount - self.money)
        if amount < 0:
            raise KeyError("amount")
        self.money -= amount
"""
STACK = """
class Stack(list):
    def push(self, item):
        self.append(item)
        return self
    def peek(self):
        return self[-1]
"""
COLOURS = """
from enum import Enum, IntEnum
class Colour(Enum):
    RED = "red"
class Size(IntEnum):
    SMALL = 1
class Mood(str, Enum):
    GLAD = "glad"
def best(): return Size.SMALL
"""
EXACT = """
from collections import Counter, defaultdict, deque
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
def price(): return Decimal("1.10")
def half(): return Fraction(1, 2)
def tomorrow(day): return day + timedelta(days=1)
def span(): return range(3)
def last(items): return deque(items, maxlen=2)
def raw(): return bytearray(b"ab")
def kind(x): return type(x)
def convert(kind, x): return kind(x)
def counted(text): return Counter(text)
def groups(): return defaultdict(list, {1: [2]})
"""
LIVING = """
class Timer:
    inside = False
    def __enter__(self):
        self.inside = True
        return self
    def __exit__(self, *error):
        self.inside = False
class Once:
    _one = None
    def __new__(cls):
        cls._one = cls._one or super().__new__(cls)
        return cls._one
class Node:
    def __init__(self):
        self.next = None
"""
WORKING = [
    (POINT, """
assert make(1, 2).x == 1
assert make(1, 2) == (1, 2)
"""),
    (POINT, """
assert str(make(1, 2)) == 'Point(x=1, y=2)'
assert make(1, 2)._asdict() == {'x': 1, 'y': 2}
"""),
    (POINT, "assert isinstance(make(1, 2), Point) and isinstance(make(1, 2), tuple)"),
    (VECTOR, """
assert Vector(1) + Vector(2, 3) == Vector(3, 3)
assert sum([Vector(1), Vector(2)]) == Vector(3)
"""),
    (VECTOR, """
assert 2 * Vector(1, 2) == Vector(1, 2) * 2 == Vector(2, 4)
assert -Vector(1) == Vector(-1)
"""),
    (VECTOR, """
assert abs(Vector(3, 4)) == 5
assert round(Vector(3, 4), 1) == 5.0
"""),
    (VECTOR, """
assert len({Vector(1), Vector(1)}) == 1
assert hash(Vector(1)) == hash(Vector(1))
"""),
    (VECTOR, """
assert list(reversed(Vector(1, 2))) == [2, 1]
assert f'{Vector(1):.1f}' == '<1.0>'
"""),
    (SHAPES, "assert isinstance(Square(2), Shape) and issubclass(Square, Shape)"),
    (SHAPES, """
assert not isinstance(3, Square)
assert Square(3).area() == 9
assert Square(1)._name == 'square'
"""),
    (SHAPES, """
try:
    Shape()
    assert False
except TypeError:
    pass
"""),
    (ACCOUNT, """
try:
    Account().take(9)
    assert False
except InsufficientFunds as error:
    assert error.missing == 4 and str(error) == '4 are missing'
"""),
    (ACCOUNT, """
try:
    Account().take(9)
    assert False
except ValueError as error:
    assert '4' in str(error)
"""),
    (ACCOUNT, """
try:
    Account().take(-1)
    assert False
except (InsufficientFunds, KeyError) as error:
    assert str(error) == "'amount'" and error.args == ('amount',)
"""),
    (ACCOUNT, """
assert issubclass(InsufficientFunds, ValueError)
x = Account()
x.money += 5
assert x.money == 10
"""),
    (STACK, """
s = Stack()
s.push(1).push(2)
s.append(3)
assert s == [1, 2, 3] and len(s) == 3 and s.peek() == 3
"""),
    (STACK, """
s = Stack([1])
assert isinstance(s, list) and 1 in s and s[0] == 1 and [*s] == [1]
"""),
    (COLOURS, """
assert Colour.RED.value == 'red' and Colour('red') is Colour.RED and len(Colour) == 1
"""),
    (COLOURS, "assert best() == 1 and best().name == 'SMALL' and best() is Size.SMALL"),
    (COLOURS, """
assert Mood.GLAD == 'glad' and Mood.GLAD.name == 'GLAD' and [m.value for m in Mood] == ['glad']
"""),
    (EXACT, """
from decimal import Decimal
from fractions import Fraction
assert price() == Decimal('1.10')
assert half() == Fraction(1, 2) == 0.5
"""),
    (EXACT, """
from datetime import date, datetime
assert tomorrow(date(2024, 2, 28)) == date(2024, 2, 29)
assert tomorrow(datetime(2024, 2, 29, 12)) == datetime(2024, 3, 1, 12)
"""),
    (EXACT, """
from collections import deque
assert span() == range(3) and last([1, 2, 3]) == deque([2, 3])
"""),
    (EXACT, "assert raw() == b'ab' and kind('x') is str and convert(int, '5') == 5"),
    (EXACT, """
c = counted('aab')
assert c == {'a': 2, 'b': 1} and c['z'] == 0 and c.most_common(1) == [('a', 2)]
"""),
    (EXACT, """
g = groups()
assert g == {1: [2]} and g[7] == [] and isinstance(g, dict)
"""),
    (LIVING, """
with Timer() as timer:
    assert timer.inside
assert not timer.inside
"""),
    (LIVING, """
assert Once() is Once()
a, b = Node(), Node()
a.next = b
assert a.next is b and b.next is None
"""),
    (LIVING, """
node = Node()
del node.next
assert not hasattr(node, 'next')
"""),
    ("def f(name): print('Hello,', name)", """
import io
from contextlib import redirect_stdout
with redirect_stdout(io.StringIO()) as said:
    f('Ada')
assert said.getvalue() == 'Hello, Ada\\n'
"""),
    ("def f(items): items.append(1)", """
x = []
f(items=x)
assert x == [1]
"""),
    ("def add(a, b): return a + b", """
def check(candidate):
    assert candidate(2, 3) == 5
check(add)
"""),
    ("def add(a, b): return a + b", """
def test():
    assert add(2, 3) == 5
def testMore():
    assert add(0, 0) == 0
"""),
]  # fmt: skip


@pytest.mark.parametrize(("code", "tests"), WORKING)
def test_what_is_right_passes(code: str, tests: str) -> None:
    said = verdict("python", code, tests, take="whole")
    assert said.passed is True, said
