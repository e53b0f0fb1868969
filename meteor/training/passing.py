"""The pass that the stage `vet` gives to pairs, before anybody is trained on them."""

import hashlib
import json
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.records import Pair


def passed_pairs(pairs: Path, passed: Path) -> list[Pair]:
    """The pairs. Raises MeteorError where the pass was given to others."""
    if json.loads(passed.read_text())["pairs"] != hashlib.sha256(pairs.read_bytes()).hexdigest():
        raise MeteorError(f"{passed} was given to other pairs than {pairs}; run `vet` again")
    return list(read_records(pairs, Pair))
