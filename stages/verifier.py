"""Verifier: note what the phases and the judge owe to the verifier: nothing, where they do not ask
it. So another verifier, or an edited database, runs again what it decides, and nothing else.

Reads the chosen verifier's file and all that it reads; writes a mark for each part that may ask it.
"""

import hashlib
from pathlib import Path

from meteor.core.fingerprint import fingerprint
from meteor.core.jsonl import write_json
from meteor.core.parts import verifies
from meteor.core.sections import Explore, Pairs
from meteor.running.stage import Stage, run_stage
from meteor.verification.right_answers import NONE


def verifier(stage: Stage, advisor: Path, judge: Path, pairs: Path, gate: Path) -> None:
    params, plugin = stage.params, stage.load("verifier")
    digest = hashlib.sha256(fingerprint(plugin.file).encode())
    settings = plugin.params
    digest.update(settings.model_dump_json().encode())
    digest.update(fingerprint(params.verifier.path).encode())
    asked = {
        advisor: verifies(params.advisor),
        judge: params.judge.plugin == "verifier",
        pairs: votes(params.pairs, params.explore) or params.pairs.keep == "verified",
        gate: params.gate.by != "likelihood" and plugin.name != NONE,
    }
    for mark, needed in asked.items():
        write_json(mark, {"verifier": digest.hexdigest() if needed else None})


def votes(pairs: Pairs, explore: Explore) -> bool:
    """Whether results are counted, for pairs or beside them."""
    decodings = (pairs.chosen, pairs.rejected, *explore.strategies.values())
    return any(decoding.agreement == "result" for decoding in decodings)


if __name__ == "__main__":
    run_stage(verifier)
