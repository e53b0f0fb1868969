"""Whether a judge can be believed: answers that are plainly worse must lose to the real ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from meteor.core.choice import choose_controls
from meteor.core.judgements import ASPECTS, Preference
from meteor.core.records import Answer
from meteor.evaluation.comparing import Match
from meteor.evaluation.preferences import mean
from meteor.evaluation.raters import kappa

CONTROLS = ("shuffled", "truncated", "repeated")
AGAIN = ", again"
"""Marks a match that was asked a second time."""
INCONSISTENT = 0.3
"""Above this share of verdicts that hang on the order, a warning is due."""


def controls(answers: Sequence[Answer], count: int, seed: int, repeat: bool) -> list[Match]:
    """`count` real answers of at least four words, each against the answer to another question,
    of another category where there is one, its own first half, and itself said twice. Answers
    that end by themselves are taken where there are any. A control that cannot be made is left out.
    """
    long = [row for row in answers if len(row.text.split()) >= 4]
    usable = [row for row in long if row.finish_reason == "stop"] or long
    kept = {row.id for row in choose_controls([row.question for row in usable], count, seed)}
    found = []
    for place, row in enumerate(usable):
        if row.id not in kept:
            continue
        spoilt = {
            "shuffled": _foreign(row, [*usable[place + 1 :], *usable[:place]]),
            "truncated": row.text[: len(row.text) // 2].rstrip(),
            "repeated": f"{row.text}\n\n{row.text}",
        }
        for name, text in spoilt.items():
            if text is not None:
                found.append(Match(row.question, name, row.text, text))
                if repeat:
                    found.append(Match(row.question, name + AGAIN, row.text, text, sample=1))
    return found


def _foreign(row: Answer, others: Sequence[Answer]) -> str | None:
    """The nearest other text, of another category where there is one."""
    texts = [
        (other.question.category == row.question.category, place, other.text)
        for place, other in enumerate(others)
        if other.text.strip() != row.text.strip()
    ]
    return min(texts)[2] if texts else None


def health(
    checked: Sequence[Preference], compared: Sequence[Preference], least: float
) -> dict[str, Any]:
    """The judge's health: what the real answers win in each control, how often a verdict hangs on
    the order, how often the first place wins, and how far two runs agree.
    """
    table: list[dict[str, Any]] = []
    for name in CONTROLS:
        shares = [row.share("overall") for row in checked if row.against == name]
        table.append({"control": name, "pairs": len(shares), "real_wins": _short(mean(shares))})
    asked = [row for row in (*checked, *compared) if not row.same]
    known = [row["real_wins"] for row in table if row["real_wins"] is not None]
    return {
        "passed": bool(known) and all(share >= least for share in known),
        "controls": table,
        "flips": _short(mean([float(row.flips("overall")) for row in asked])),
        "inconsistent": _short(mean([float(row.inconsistent("overall")) for row in asked])),
        "first_place": _short(
            mean([(row.first.overall + 1 - row.second.overall) / 2 for row in asked])
        ),
        "agreement": agreement(checked),
    }


def agreement(checked: Iterable[Preference]) -> dict[str, float | int | None] | None:
    """How far the judge agrees with itself over all dimensions, where it was asked twice."""
    rows = {(row.id, row.against): row for row in checked}
    twice = [
        (rows[name, against.removesuffix(AGAIN)], row)
        for (name, against), row in rows.items()
        if against.endswith(AGAIN) and (name, against.removesuffix(AGAIN)) in rows
    ]
    if not twice:
        return None
    words = [(verdict(a, x), verdict(b, x)) for a, b in twice for x in ASPECTS]
    first, second = [pair[0] for pair in words], [pair[1] for pair in words]
    found = kappa(first, second, [row.id for row, _ in twice for _ in ASPECTS])
    low, high = found.interval if found else (None, None)
    return {
        "verdicts": len(words),
        "exact": _short(mean([float(one == two) for one, two in words])),
        "kappa": _short(found.value if found else None),
        "kappa_low": _short(low),
        "kappa_high": _short(high),
    }


def verdict(row: Preference, aspect: Any) -> str:
    """A preference in one word."""
    share = row.share(aspect)
    return "tie" if share == 0.5 else "win" if share > 0.5 else "loss"


def warnings(
    report: Mapping[str, Any], judge: Sequence[str], teacher: Sequence[str], student: Sequence[str]
) -> Iterator[str]:
    """What a reader should know. Judge, teacher and student are the names of their models."""
    for row in report["controls"]:
        if row["real_wins"] is None:
            yield f"no {row['control']} answer could be made, so that control says nothing"
    if not report["passed"]:
        yield "the judge fails its controls: do not believe its scores and win rates"
    if (report["inconsistent"] or 0) > INCONSISTENT:
        yield (
            f"{report['inconsistent']:.0%} of the verdicts hang on the order of the answers "
            f"({report['flips']:.0%} turn a win into a loss)"
        )
    if set(judge) & set(teacher):
        yield f"the judge is the teacher ({', '.join(judge)}): it may favour its own answers"
    if shared := {family(name) for name in judge} & {family(name) for name in student}:
        yield f"judge and student are of one family ({', '.join(sorted(shared))})"


def family(model: str) -> str:
    """The family that a model's name tells: `Qwen/Qwen2.5-7B` is of `qwen`."""
    name = model.rstrip("/").rsplit("/", 1)[-1].lower()
    letters = next((i for i, letter in enumerate(name) if not letter.isalpha()), len(name))
    return name[:letters]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
