"""What the process of a stage keeps warm between two calls of its plugins, as an engine with a
model in a GPU's memory or what the allocator keeps, makes room before a training begins.
"""

from collections.abc import Callable

_warm: list[Callable[[], None]] = []


def keep_warm(make_room: Callable[[], None]) -> None:
    """Have `make_room` called before each training from now on; once is enough for a function."""
    if make_room not in _warm:
        _warm.append(make_room)


def make_room() -> None:
    """A training is about to begin: whoever holds memory that it may need gives it back."""
    for give_back in _warm:
        give_back()
