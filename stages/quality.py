"""Quality: what the student's guidelines do to the teacher's answers (paper, section 3.1).

Reads distilled answers, the teacher's unguided ones and the base checkpoint. The judge scores and
compares both, blind and in both orders, and the base student says which of them it finds likelier.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.jsonl import read_records, write_json
from meteor.core.judgements import Judgement
from meteor.core.likelihood import nats_per_token
from meteor.core.records import Answer, Completion, Distilled, Likelihood, plain_answer
from meteor.core.roles import Plugin
from meteor.evaluation.comparing import Match, prefer
from meteor.evaluation.intervals import share_interval
from meteor.evaluation.preferences import mean
from meteor.evaluation.scores import scores
from meteor.prompts import wording
from meteor.running.stage import Stage, run_stage
from meteor.running.tally import Tally

BOTH = ("guided", "unguided")
SAME = "not applicable: this teacher does not read guidelines, its answers are the same without"
OFF = "not applicable: guidelines are switched off (guideline.enabled)"


def quality(
    stage: Stage, distilled: Path, unguided: Path, checkpoint: Path, out: Path, summary: Path
) -> None:
    judge, student = stage.load("judge"), stage.load("student")
    taught = {row.id: row for row in read_records(distilled, Distilled)}
    matches = [
        Match(taught[row.id].question, "unguided", taught[row.id].answer, row.text)
        for row in read_records(unguided, Completion)
    ]
    count = stage.tally(len(matches))
    if all(match.same for match in matches):
        count.rows_out = len(matches)
        rows = [{"answers": name, "score": None, "words": words(matches, name)} for name in BOTH]
        why = SAME if matches else OFF
        report = {"applicable": False, "why": why, "questions": len(matches), "answers": rows}
    else:
        example = wording.example(stage.params.domain)
        report = measured(matches, judge, student, example, checkpoint, count)
    count.close(summary)
    write_json(out, report)


def words(matches: list[Match], name: str) -> float | None:
    """Mean length of the guided or the unguided answers."""
    return _short(mean([float(len(text(match, name).split())) for match in matches]))


def text(match: Match, name: str) -> str:
    """The guided or the unguided answer."""
    return match.ours if name == "guided" else match.theirs


def measured(
    matches: list[Match],
    judge: Plugin,
    student: Plugin,
    example: wording.Exampling,
    checkpoint: Path,
    count: Tally,
) -> dict[str, Any]:
    """The report, over the questions for which judge and student gave all of their answers."""
    left = matches
    judged: dict[str, dict[str, Judgement]] = {}
    likely: dict[str, dict[str, Likelihood]] = {}
    for name in BOTH:
        judged[name] = {}
        if judge.has("judge_score"):
            judged[name] = {a.id: j for a, j in scored(judge, left, name, count)}
            left = [match for match in left if match.question.id in judged[name]]
        if student.has("student_score"):
            rows = [example(match.question, text(match, name)) for match in left]
            likely[name] = {e.id: n for e, n in count.weigh(student, rows, checkpoint)}
            left = [match for match in left if match.question.id in likely[name]]
    preferred = [row for _, row in count.keep(prefer(judge, left))]
    count.rows_out = len(preferred)
    ids = [row.id for row in preferred]
    shares = [row.share("overall") for row in preferred]
    low, high = share_interval(shares)
    return {
        "applicable": True,
        "questions": len(ids),
        "guided_wins": _short(mean(shares)),
        "low": _short(low),
        "high": _short(high),
        "inconsistent": _short(
            mean([float(row.inconsistent("overall")) for row in preferred if not row.same])
        ),
        "answers": [
            {
                "answers": name,
                "score": _short(mean(scores(judgements(judged[name], ids), "overall"))),
                "words": words(matches, name),
                "nll": _short(nats_per_token([likely[name][i] for i in ids])) if likely else None,
            }
            for name in BOTH
        ],
    }


def judgements(judged: dict[str, Judgement], ids: list[str]) -> list[Judgement]:
    """Those of some questions; none where the judge gives no scores."""
    return [judged[name] for name in ids if name in judged]


def scored(
    judge: Plugin, matches: list[Match], name: str, count: Tally
) -> Iterator[tuple[Answer, Judgement]]:
    """The judge's scores of one kind of answers."""
    rows = [plain_answer(match.question, text(match, name)) for match in matches]
    return count.score(judge, rows)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


if __name__ == "__main__":
    run_stage(quality)
