"""Score: the metrics of one checkpoint.

Reads its answers, their judgements, its preferences and its general likelihoods, the verdicts on
its answers, on base's and on those of the phase before; writes one row of metrics.
"""

from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json
from meteor.core.judgements import Judgement, Preference
from meteor.core.records import Answer, Likelihood
from meteor.core.verdicts import Verdict
from meteor.evaluation.correctness import metrics as correctness
from meteor.evaluation.correctness import right
from meteor.evaluation.scores import summarise
from meteor.running.observers import summarised
from meteor.running.stage import Stage, run_stage


def score(
    stage: Stage,
    answers: Path,
    judgements: Path,
    preferences: Path,
    general: Path,
    verdicts: Path,
    before: Path,
    base: Path,
    name: str,
    out: Path,
) -> None:
    rows = list(read_records(answers, Answer))
    judged = list(read_records(judgements, Judgement))
    preferred = list(read_records(preferences, Preference))
    known = [right(read_records(file, Verdict)) for file in (verdicts, before, base)]
    if not judged and all(row.same for row in preferred) and not known[0]:
        raise MeteorError(f"{judgements}: there is no judgement of {name} to score")
    likely = list(read_records(general, Likelihood))
    metrics = {**summarise(rows, judged, preferred, likely), **correctness(*known)}
    write_json(out, metrics)
    summarised(metrics)


if __name__ == "__main__":
    run_stage(score)
