"""The pass that the stage `vet` gives to pairs, before anybody is trained on them."""

import hashlib
import json
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json
from meteor.core.records import Pair


def give_pass(passed: Path, pairs: Path, trained: bool) -> None:
    """Let the pairs pass: to train, or to be left alone, which stands there only where it is so."""
    left_alone = {} if trained else {"trained": False}
    write_json(passed, {"pairs": _hash(pairs), **left_alone})


def passed_pairs(pairs: Path, passed: Path) -> list[Pair]:
    """The pairs. Raises MeteorError where the pass was given to others."""
    if json.loads(passed.read_text(encoding="utf-8"))["pairs"] != _hash(pairs):
        raise MeteorError(f"{passed} was given to other pairs than {pairs}; run `vet` again")
    return list(read_records(pairs, Pair))


def may_train(passed: Path) -> bool:
    """Whether somebody is to learn from the pairs."""
    return bool(json.loads(passed.read_text(encoding="utf-8")).get("trained", True))


def _hash(pairs: Path) -> str:
    return hashlib.sha256(pairs.read_bytes()).hexdigest()
