"""Judge: score a checkpoint's answers in the five dimensions.

Reads answers; writes one judgement an answer.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Answer, Judgement
from meteor.core.roles import load_role
from meteor.running.stage import run_stage, tally


def judge(params: Params, answers: Path, name: str, out: Path, summary: Path) -> None:
    plugin = load_role("judge", params)
    rows = list(read_records(answers, Answer))
    count = tally(params, f"judge@{name}", rows_in=len(rows))
    judged = count.ask(plugin, "judge_score", rows, Judgement, answers=rows)
    judgements = [judgement for _, judgement in judged]
    count.rows_out = len(judgements)
    count.close(summary)
    write_records(out, judgements)


if __name__ == "__main__":
    run_stage(judge)
