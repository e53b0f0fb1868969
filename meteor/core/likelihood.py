"""Likelihood of texts over many rows."""

from collections.abc import Iterable

from meteor.core.records import Likelihood


def nats_per_token(rows: Iterable[Likelihood]) -> float | None:
    """The negative log-likelihood of all texts together, in nats a token; None for none."""
    known = list(rows)
    tokens = sum(row.tokens for row in known)
    return sum(row.nll for row in known) / tokens if tokens else None
