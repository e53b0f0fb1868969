"""The work that this process is on: its name, who hears of it, and where finished rows are kept.

There is one at a time. Outside of a stage it has no name, no observers and keeps no rows, so that
the same code runs in a command, a test or a notebook.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

log = logging.getLogger("meteor")


@dataclass
class Context:
    """`name` is a stage's name in dvc.yaml (`iterate@r1`), or a command's. `rows` is the folder of
    finished rows, `code` a hash of what the stage's results depend on besides its data.
    """

    name: str = ""
    observers: dict[str, pluggy.PluginManager] = field(default_factory=dict)
    rows: Path | None = None
    code: str = ""
    summary: dict[str, Any] = field(default_factory=dict)

    def tell(self, event: str, **facts: Any) -> None:
        """Tell every observer; one that raises is logged once and told nothing more."""
        for name, manager in list(self.observers.items()):
            try:
                getattr(manager.hook, event)(stage=self.name, **facts)
            except Exception as error:
                del self.observers[name]
                log.warning(
                    "observer plugin %r: %s raised %s: %s; it is told nothing more of this stage",
                    *(name, event, type(error).__name__, error),
                )


_present = Context()


def present() -> Context:
    """The work that is under way."""
    return _present


@contextmanager
def working(context: Context) -> Iterator[Context]:
    """Let `context` be the present one."""
    global _present
    before, _present = _present, context
    try:
        yield context
    finally:
        _present = before
