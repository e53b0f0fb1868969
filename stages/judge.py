"""Judge: score a checkpoint's answers in the five dimensions.

Reads answers; writes one judgement an answer, or none where the judge only compares.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Answer
from meteor.running.stage import Stage, run_stage


def judge(stage: Stage, answers: Path, name: str, out: Path, summary: Path) -> None:
    plugin = stage.load("judge")
    rows = list(read_records(answers, Answer))
    count = stage.tally(len(rows))
    judgements = []
    if plugin.has("judge_score"):
        judgements = [judgement for _, judgement in count.score(plugin, rows)]
    else:
        count.drop("the judge gives no scores", len(rows))
    count.rows_out = len(judgements)
    count.close(summary)
    write_records(out, judgements)


if __name__ == "__main__":
    run_stage(judge)
