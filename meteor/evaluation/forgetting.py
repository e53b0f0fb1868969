"""What training costs the rest of the model: likelihood of general texts, before and after."""

from collections.abc import Sequence
from dataclasses import dataclass

from meteor.core.likelihood import nats_per_token
from meteor.core.records import Likelihood
from meteor.evaluation.intervals import Interval, difference_interval


@dataclass(frozen=True)
class Change:
    """How much less likely a checkpoint finds the texts than another one, in nats a token, with
    its 95 % interval over texts; below zero where it finds them likelier.
    """

    value: float | None
    interval: Interval = (None, None)


def change(after: Sequence[Likelihood], before: Sequence[Likelihood]) -> Change:
    """The change over the texts that both could weigh."""
    known = {row.id: row for row in before}
    both = [(row, known[row.id]) for row in after if row.id in known]
    new, old = nats_per_token(row for row, _ in both), nats_per_token(row for _, row in both)
    if new is None or old is None:
        return Change(None)
    tokens = sum(row.tokens for row, _ in both) / len(both)
    return Change(new - old, difference_interval([(a.nll - b.nll) / tokens for a, b in both]))
