"""Ingest: the source's questions become records, split into train, dev and test.

Reads the raw data under `source.path`; writes one JSON Lines file of questions for each split.
"""

import hashlib
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.params import Params, Split
from meteor.core.records import Failed, Question
from meteor.core.roles import load_role
from meteor.core.stage import run_stage, tally


def ingest(
    params: Params, sources: Path, train: Path, dev: Path, test: Path, summary: Path
) -> None:
    source = load_role("source", params)
    if not sources.exists():
        raise MeteorError(f"{sources}: no such file or folder; set source.path in params.yaml")
    count = tally(params, "ingest", rows_in=0)
    splits: dict[str, list[Question]] = {"train": [], "dev": [], "test": []}
    seen: set[str] = set()
    for row in source.stream("source_load", Question, path=sources):
        count.rows_in += 1
        if isinstance(row, Failed):
            count.fail(row)
        elif row.id in seen:
            count.fail(Failed(id=row.id, error="the id stands twice"))
        else:
            seen.add(row.id)
            splits[split_of(row.id, params.split)].append(row)
            count.rows_out += 1
    sizes = {name: len(rows) for name, rows in splits.items()}
    count.check()
    for name in ("train", "test"):
        if not splits[name]:
            raise MeteorError(f"{sources}: the split leaves no question for {name}: {sizes}")
    count.close(summary, splits=sizes, categories=_categories(splits))
    for name, path in (("train", train), ("dev", dev), ("test", test)):
        write_records(path, splits[name])


def split_of(identifier: str, split: Split) -> str:
    """The split of a question, by a hash of its id alone: new questions move no old ones."""
    digest = hashlib.sha256(f"{split.salt}/{identifier}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    if share < split.test:
        return "test"
    return "dev" if share < split.test + split.dev else "train"


def _categories(splits: dict[str, list[Question]]) -> dict[str, dict[str, int]]:
    """How many questions of each category each split has."""
    table: dict[str, dict[str, int]] = {}
    for name, rows in splits.items():
        for row in rows:
            counts = table.setdefault(row.category or "none", dict.fromkeys(splits, 0))
            counts[name] += 1
    return table


if __name__ == "__main__":
    run_stage(ingest)
