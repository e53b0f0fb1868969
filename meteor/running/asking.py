"""Asking a plugin about rows: observers hear of each, and a try that was killed is gone on with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from meteor.core.records import Failed
from meteor.core.roles import HasId, Plugin
from meteor.running.observers import track
from meteor.running.resumed_rows import ResumedRows, resumed, weighed

In = TypeVar("In", bound=HasId)
Out = TypeVar("Out", bound=HasId)


def ask(
    plugin: Plugin, hook: str, rows: Sequence[In], kind: type[Out], **arguments: Any
) -> Iterator[tuple[In, Out | Failed]]:
    """Yield each row with its result, in order; what an earlier try has finished is not asked
    again, nor how likely the same weights find the same texts. Plugins that keep their replies
    themselves, in the ledger, are asked about all.
    """

    def watch(results: Iterator[Any]) -> Iterator[Any]:
        return track(results, hook, len(rows))

    with _memory(plugin, hook, arguments) as memory:
        yield from plugin.rows(hook, rows, kind, watch, memory, **arguments)


def _memory(
    plugin: Plugin, hook: str, arguments: Mapping[str, Any]
) -> AbstractContextManager[ResumedRows | None]:
    """What is known already of this call."""
    if plugin.params.keeps_replies:
        return nullcontext()
    settings = plugin.params.on_this_machine()
    shapes = {"hook": hook, "plugin": plugin.file, "params": settings, **arguments}
    if hook == "student_score" and plugin.file.exists():  # an installed one may become another
        return weighed(shapes)
    return resumed(shapes)
