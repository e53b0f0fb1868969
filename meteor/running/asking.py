"""Asking a plugin about rows: observers hear of each, and a try that was killed is gone on with."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

from meteor.core.records import Failed
from meteor.core.roles import HasId, Plugin
from meteor.running.observers import track
from meteor.running.resumed_rows import resumed

In = TypeVar("In", bound=HasId)
Out = TypeVar("Out", bound=HasId)


def ask(
    plugin: Plugin, hook: str, rows: Sequence[In], kind: type[Out], **arguments: Any
) -> Iterator[tuple[In, Out | Failed]]:
    """Yield each row with its result, in order; what an earlier try has finished is not asked
    again. Plugins that keep their replies themselves, in the ledger, are asked about all.
    """
    settings = plugin.params.on_this_machine()
    shapes = {"hook": hook, "plugin": plugin.file, "params": settings, **arguments}

    def watch(results: Iterator[Any]) -> Iterator[Any]:
        return track(results, hook, len(rows))

    with nullcontext() if plugin.params.keeps_replies else resumed(shapes) as memory:
        yield from plugin.rows(hook, rows, kind, watch, memory, **arguments)
