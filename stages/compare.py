"""Compare: hold a checkpoint's answers against base's, and against those of the phase before.

Reads answers of all three; writes one preference for each question and opponent.
"""

from pathlib import Path

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Answer
from meteor.evaluation.comparing import Match, prefer
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally


def compare(
    stage: Stage, answers: Path, base: Path, before: Path, name: str, out: Path, summary: Path
) -> None:
    judge = stage.load("judge")
    ours = list(read_records(answers, Answer))
    rivals = list(dict.fromkeys((base, before)))
    count = stage.tally(len(ours) * len(rivals))
    matches = [match for rival in rivals for match in against(rival, ours, count)]
    preferences = [row for _, row in count.keep(prefer(judge, matches))]
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
