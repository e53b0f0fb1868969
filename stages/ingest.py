"""Ingest: the source's questions become clean records, each once, in train, dev and test.

Reads the raw data under `source.path`; writes one JSON Lines file of questions for each split, a
data card, and the lengths for a plot.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question, Rejected
from meteor.core.sections import Split
from meteor.running.stage import Stage, run_stage
from meteor.sources.cleaning import clean
from meteor.sources.data_card import Card
from meteor.sources.duplicates import CLASH
from meteor.sources.spool import Spool
from meteor.sources.tokens import TokenLimit

EXAMPLES = 5
"""Ids that the summary names for each reason to leave a row out."""


def ingest(
    stage: Stage,
    train: Path,
    dev: Path,
    test: Path,
    card: Path,
    lengths: Path,
    summary: Path,
) -> None:
    # Not an argument: the user writes this path, and a shell would read it.
    params, source, sources = stage.params, stage.load("source"), stage.params.source.path
    if not sources.exists():
        raise MeteorError(f"{sources}: no such file or folder; set source.path in params.yaml")
    check, most = params.source.check, params.cleaning.max_tokens
    limit = TokenLimit(most, stage.load("base")) if most else None
    count = stage.tally(0)
    left_out = LeftOut()
    known = Card(source.name)
    outs = {"train": train, "dev": dev, "test": test}
    with Spool(params.duplicates, partial(split_of, split=params.split)) as spool:
        for row in source.stream("source_load", Question, path=sources):
            count.rows_in += 1
            done = row if isinstance(row, Failed) else clean(row, params.cleaning, limit)
            if check is not None and isinstance(done, Question) and done.check is None:
                done = done.model_copy(update={"check": check})
            if isinstance(done, Rejected):
                left_out.add(done.id, done.error)
            elif isinstance(done, Failed):
                count.fail(done)
            else:
                spool.add(done)
        for question, split, reason in spool.judged():
            if reason == CLASH:
                count.fail(Failed(id=question.id, error=reason))
            elif reason:
                left_out.add(question.id, reason)
            else:
                known.add(question, split)
                count.rows_out += 1
        for reason, rows in sorted(left_out.rows.items()):
            count.drop(reason, rows)
        count.check()
        for name in ("train", "test"):
            if not known.sizes[name]:
                raise MeteorError(
                    f"{sources}: the split leaves no question for {name}: {known.sizes}; "
                    f"left out: {dict(left_out.rows)}; where the data has splits of its own, "
                    "`split: null` among the source's columns splits anew"
                )
        known.tell(source.params)
        count.close(
            summary,
            splits=known.sizes,
            categories=known.table(),
            shares=known.shares(),
            examples=left_out.examples,
        )
        spool.write(outs)
    known.write(card, count.sums(), {**left_out.rows, **failures(count.failed)})
    known.write_lengths(lengths)


@dataclass
class LeftOut:
    """Rows that are left out on purpose: how many, and the first ids, by reason."""

    rows: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, identifier: str, reason: str) -> None:
        """Count a row."""
        self.rows[reason] += 1
        ids = self.examples.setdefault(reason, [])
        if len(ids) < EXAMPLES:
            ids.append(identifier)


def failures(failed: list[Failed]) -> dict[str, int]:
    """How many rows could not be read, as a line of the card."""
    return {"could not be read": len(failed)} if failed else {}


def split_of(identifier: str, split: Split) -> str:
    """The split of a question, by a hash of its id alone: new questions move no old ones. Every
    category has the same expected share, and the card says how near it came.
    """
    digest = hashlib.sha256(f"{split.salt}/{identifier}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    if share < split.test:
        return "test"
    return "dev" if share < split.test + split.dev else "train"


if __name__ == "__main__":
    run_stage(ingest)
