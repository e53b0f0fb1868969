"""Compare: hold a checkpoint's answers against base's, and against those of the phase before.

Reads answers of all three; writes one preference for each question and opponent.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Answer
from meteor.core.roles import load_role
from meteor.evaluation.comparing import Match, prefer
from meteor.running.stage import Tally, run_stage, tally


def compare(
    params: Params, answers: Path, base: Path, before: Path, name: str, out: Path, summary: Path
) -> None:
    judge = load_role("judge", params)
    ours = list(read_records(answers, Answer))
    rivals = list(dict.fromkeys((base, before)))
    count = tally(params, f"compare@{name}", rows_in=len(ours) * len(rivals))
    matches = [match for rival in rivals for match in against(rival, ours, count)]
    preferences = [row for _, row in count.keep(prefer(judge, matches, count.stage))]
    count.rows_out = len(preferences)
    count.close(summary, asked=2 * sum(not match.same for match in matches))
    write_records(out, preferences)


def against(rival: Path, ours: list[Answer], count: Tally) -> list[Match]:
    """Our answers beside the rival's, by id; the file is named after the rival."""
    theirs = {row.id: row.text for row in read_records(rival, Answer)}
    for row in ours:
        if row.id not in theirs:
            count.reject(row.id, f"{rival.stem} has no answer")
    return [
        Match(row.question, rival.stem, row.text, theirs[row.id])
        for row in ours
        if row.id in theirs
    ]


if __name__ == "__main__":
    run_stage(compare)
