"""Score: the metrics of one checkpoint.

Reads its answers, their judgements, its preferences and its general likelihoods; writes one row of
metrics.
"""

from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json
from meteor.core.judgements import Judgement, Preference
from meteor.core.records import Answer, Likelihood
from meteor.evaluation.scores import summarise
from meteor.running.observers import summarised
from meteor.running.stage import Stage, run_stage


def score(
    stage: Stage,
    answers: Path,
    judgements: Path,
    preferences: Path,
    general: Path,
    name: str,
    out: Path,
) -> None:
    rows = list(read_records(answers, Answer))
    judged = list(read_records(judgements, Judgement))
    if not judged:
        raise MeteorError(f"{judgements}: there is no judgement of {name} to score")
    metrics = summarise(
        rows,
        judged,
        list(read_records(preferences, Preference)),
        list(read_records(general, Likelihood)),
    )
    write_json(out, metrics)
    summarised(metrics)


if __name__ == "__main__":
    run_stage(score)
