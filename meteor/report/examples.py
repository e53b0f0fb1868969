"""The examples of the report: every question with the answers of all checkpoints, as data that the
page's script turns into text. Nothing of it ever becomes markup.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from meteor.core.judgements import ASPECTS, DIMENSIONS, Preference
from meteor.report.gathering import Checkpoint, Run
from meteor.report.origins import Origin

CHUNK = 100
"""Questions in one piece of texts; the page reads a piece when it is first needed."""


def index(run: Run, origins: Sequence[Origin]) -> dict[str, Any]:
    """What the list shows and filters by: names, and for each question its overall scores and the
    comparisons whose verdict depends on the order. `origins` are said once for each checkpoint.
    """
    files = {origin.name: [*filter(None, [origin.weights]), *origin.files] for origin in origins}
    preferences = {checkpoint.name: _by_question(checkpoint) for checkpoint in run.checkpoints}
    return {
        "checkpoints": [checkpoint.name for checkpoint in run.checkpoints if checkpoint.answers],
        "origins": [
            [{"path": f.path, "hash": f.hash, "href": f.href} for f in files[c.name] if f.hash]
            for c in run.checkpoints
            if c.answers
        ],
        "dimensions": list(DIMENSIONS),
        "aspects": list(ASPECTS),
        "chunk": CHUNK,
        "rows": [
            {
                "id": question.id,
                "title": question.title,
                "category": question.category,
                "overall": [_overall(c, question.id) for c in run.checkpoints if c.answers],
                "flips": [
                    f"{c.name} against {row.against}"
                    for c in run.checkpoints
                    for row in preferences[c.name].get(question.id, [])
                    if row.flips("overall")
                ],
            }
            for question in run.questions
        ],
        "rounds": list(run.refinements),
    }


def texts(run: Run) -> Iterable[list[dict[str, Any]]]:
    """The texts of the questions, in pieces of CHUNK."""
    preferences = {checkpoint.name: _by_question(checkpoint) for checkpoint in run.checkpoints}
    for start in range(0, len(run.questions), CHUNK):
        yield [
            {
                "body": question.body,
                "reference": question.answer,
                "answers": [
                    _answer(c, question.id, preferences[c.name].get(question.id, []))
                    for c in run.checkpoints
                    if c.answers
                ],
            }
            for question in run.questions[start : start + CHUNK]
        ]


def trails(run: Run) -> list[dict[str, Any]]:
    """The advice trails of phase 2: each question's attempts with what the advisor said."""
    return [
        {
            "round": name,
            "id": row.id,
            "title": row.question.title,
            "accepted": row.accepted,
            "attempts": [
                {"text": a.text, "correct": a.correct, "advice": a.advice} for a in row.attempts
            ],
        }
        for name, rows in run.refinements.items()
        for row in rows
    ]


def script(value: Any) -> str:
    """JSON that may stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return escaped.encode("utf-8", "replace").decode()


def _overall(checkpoint: Checkpoint, identifier: str) -> float | None:
    judged = checkpoint.judgements.get(identifier)
    return round(judged.scores.overall, 2) if judged else None


def _by_question(checkpoint: Checkpoint) -> dict[str, list[Preference]]:
    found: dict[str, list[Preference]] = {}
    for row in checkpoint.preferences:
        if row.against != checkpoint.name:
            found.setdefault(row.id, []).append(row)
    return found


def _answer(
    checkpoint: Checkpoint, identifier: str, preferences: list[Preference]
) -> dict[str, Any] | None:
    """Text, scores and reasons in the order of DIMENSIONS, and the verdicts in both orders."""
    answer = checkpoint.answers.get(identifier)
    if answer is None:
        return None
    told: dict[str, Any] = {"text": answer.text, "tokens": answer.tokens}
    if answer.finish_reason == "length":
        told["cut"] = True
    verified = checkpoint.verdicts.get(identifier)
    if verified and (verified.passed is not None or verified.result is not None):
        told["verified"] = verified.model_dump(include={"passed", "feedback", "result"})
    if judged := checkpoint.judgements.get(identifier):
        told["scores"] = [round(judged.scores.get(name), 1) for name in DIMENSIONS]
        reasons = [judged.reasons.get(name, "") for name in DIMENSIONS]
        if any(reasons):
            told["reasons"] = reasons
    if preferences:
        told["verdicts"] = [_verdict(row) for row in preferences]
    return told


def _verdict(row: Preference) -> dict[str, Any]:
    """Against whom, the share over both orders, and the shares by aspect in each order."""
    told: dict[str, Any] = {"against": row.against, "share": row.share("overall")}
    if row.same:
        return {**told, "same": True}
    told["shares"] = [[row.first.get(name), row.second.get(name)] for name in ASPECTS]
    told["reasons"] = [
        [row.first_reasons.get(name, ""), row.second_reasons.get(name, "")] for name in ASPECTS
    ]
    return told
