"""Whether a judge can be believed: what right answers win, what it likes, whom it agrees with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from meteor.core.judgements import ASPECTS, Aspect, Preference
from meteor.evaluation.controls import AGAIN, CONTROLS, DRESSED, EASY, NEAR
from meteor.evaluation.intervals import share_interval
from meteor.evaluation.preferences import mean
from meteor.evaluation.raters import Agreed, alpha, kappa
from meteor.evaluation.style import Liked

INCONSISTENT = 0.3
"""Above this share of verdicts that hang on the order, a warning is due."""
PULL = 0.6
"""A mark of style is liked where the answer with it gets more than this, all else being equal."""
STRANGER = 0.2
"""A judge of a jury whose mean kappa with the others is below it disagrees with them."""


def health(
    checked: Sequence[Preference],
    compared: Sequence[Preference],
    liked: Sequence[Liked],
    least: float,
) -> dict[str, Any]:
    """The judge's health: what the right answers win in each control, how often a verdict hangs
    on the order, how often the first place wins, what style it likes, how far two runs agree, and
    how far the judges of a jury. `passed` is about the easy controls, `hard` about near ones.
    """
    table = [_control(name, [row for row in checked if row.against == name]) for name in CONTROLS]
    wins = {row["control"]: row for row in table}
    asked = [row for row in (*checked, *compared) if not row.same]
    known = [wins[name] for name in EASY if wins[name]["real_wins"] is not None]
    return {
        "passed": bool(known) and all(_won(row, least) for row in known),
        "hard": _won(wins[NEAR], least) if wins[NEAR]["real_wins"] is not None else None,
        "controls": table,
        "flips": _short(mean([float(row.flips("overall")) for row in asked])),
        "inconsistent": _short(mean([float(row.inconsistent("overall")) for row in asked])),
        "first_place": _short(
            mean([(row.first.overall + 1 - row.second.overall) / 2 for row in asked])
        ),
        "style": {
            row.mark: {
                "differ": row.differ,
                "more_wins": _short(row.more_wins),
                "pull": _short(row.pull),
                "low": _short(row.low),
                "high": _short(row.high),
            }
            for row in liked
        },
        "agreement": agreement(checked),
        "jury": jury(asked),
    }


def _control(name: str, rows: Sequence[Preference]) -> dict[str, Any]:
    shares = [row.share("overall") for row in rows]
    low, high = share_interval(shares)
    return {
        "control": name,
        "pairs": len(shares),
        "real_wins": _short(mean(shares)),
        "low": _short(low),
        "high": _short(high),
        "ties": _short(mean([float(share == 0.5) for share in shares])),
    }


def _won(row: Mapping[str, Any], least: float) -> bool:
    """Whether the real answers win often enough. An answer said twice may be a tie: the judge has
    not seen that, but it does not prefer it.
    """
    if row["control"] == "repeated":
        return bool(row["real_wins"] + row["ties"] / 2 >= least)
    return bool(row["real_wins"] >= least)


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
    return {
        "verdicts": len(words),
        "exact": _short(mean([float(one == two) for one, two in words])),
        **_agreed("kappa", kappa(first, second, [row.id for row, _ in twice for _ in ASPECTS])),
    }


def jury(asked: Sequence[Preference]) -> dict[str, Any] | None:
    """How far the judges of a jury agree on which answer is better overall: Krippendorff's alpha
    of all, Cohen's kappa of every two; None where there is one judge.
    """
    votes = [
        {name: word(shares.overall) for name, shares in order.items()}
        for row in asked
        for order in (row.first_votes, row.second_votes)
    ]
    questions = [row.id for row in asked for _ in range(2)]
    names = sorted({name for vote in votes for name in vote})
    if len(names) < 2:
        return None
    pairs = {}
    for one, other in combinations(names, 2):
        both = [
            (v[one], v[other], q)
            for v, q in zip(votes, questions, strict=True)
            if {one, other} <= set(v)
        ]
        found = kappa([row[0] for row in both], [row[1] for row in both], [row[2] for row in both])
        pairs[f"{one} and {other}"] = {"verdicts": len(both), **_agreed("kappa", found)}
    means = {
        name: mean(
            [
                pair["kappa"]
                for key, pair in pairs.items()
                if name in key.split(" and ") and pair["kappa"] is not None
            ]
        )
        for name in names
    }
    return {
        **_agreed("alpha", alpha([list(vote.values()) for vote in votes], questions)),
        "pairs": pairs,
        "with_the_others": {name: _short(value) for name, value in means.items()},
    }


def _agreed(name: str, found: Agreed | None) -> dict[str, float | None]:
    low, high = found.interval if found else (None, None)
    return {
        name: _short(found.value if found else None),
        f"{name}_low": _short(low),
        f"{name}_high": _short(high),
    }


def verdict(row: Preference, aspect: Aspect) -> str:
    """A preference in one word."""
    return word(row.share(aspect))


def word(share: float) -> str:
    """What a share of a preference says in one word."""
    return "tie" if share == 0.5 else "win" if share > 0.5 else "loss"


def warnings(
    report: Mapping[str, Any], judge: Sequence[str], teacher: Sequence[str], student: Sequence[str]
) -> Iterator[str]:
    """What a reader should know. Judge, teacher and student are the names of their models."""
    for row in report["controls"]:
        if row["real_wins"] is None:
            yield f"no {row['control']} answer could be made, so that control says nothing"
    yield from _of_controls(report)
    if (report["inconsistent"] or 0) > INCONSISTENT:
        yield (
            f"{report['inconsistent']:.0%} of the verdicts hang on the order of the answers "
            f"({report['flips']:.0%} turn a win into a loss)"
        )
    for mark, row in report["style"].items():
        if row["low"] is not None and (liking := _liking(row)):
            yield (
                f"the judge {liking} {mark}: of two answers that are alike in all else, the one "
                f"with more gets {row['pull']:.0%} ({row['low']:.0%} to {row['high']:.0%})"
            )
    yield from _of_jury(report["jury"])
    if set(judge) & set(teacher):
        yield f"the judge is the teacher ({', '.join(judge)}): it may favour its own answers"
    if shared := {family(name) for name in judge} & {family(name) for name in student}:
        yield f"judge and student are of one family ({', '.join(sorted(shared))})"


def _of_controls(report: Mapping[str, Any]) -> Iterator[str]:
    wins = {row["control"]: row for row in report["controls"]}
    if not report["passed"]:
        yield "the judge fails its controls: do not believe its scores and win rates"
    if report["hard"] is False:
        row = wins[NEAR]
        only = "right only on easy controls: " if report["passed"] else ""
        yield (
            f"{only}of a right answer and one that is near in its words and wrong, the right one "
            f"gets {row['real_wins']:.0%} ({row['low']:.0%} to {row['high']:.0%}); do not believe "
            "what the judge says of accuracy"
        )
    repeated, plain = wins.get("repeated"), wins.get(DRESSED)
    if repeated and (repeated["ties"] or 0) > 0.5:
        yield f"the judge calls {repeated['ties']:.0%} of the answers that are said twice a tie"
    if plain and plain["real_wins"] is not None and plain["high"] < 0.5:
        yield (
            "the judge likes lists, headings and bold: the same words dressed up get "
            f"{1 - plain['real_wins']:.0%} ({1 - plain['high']:.0%} to {1 - plain['low']:.0%})"
        )


def _liking(row: Mapping[str, Any]) -> str:
    if row["low"] > 0.5 and row["pull"] > PULL:
        return "likes"
    return "dislikes" if row["high"] < 0.5 and row["pull"] < 1 - PULL else ""


def _of_jury(report: Mapping[str, Any] | None) -> Iterator[str]:
    """A judge that disagrees with the rest, who agree with each other."""
    if not report:
        return
    means = {name: value for name, value in report["with_the_others"].items() if value is not None}
    strangers = sorted(name for name, value in means.items() if value < STRANGER)
    if len(strangers) == 1:
        name = strangers[0]
        yield f"the judge {name} disagrees with the rest of the jury (mean kappa {means[name]:.2f})"
    elif strangers:
        yield f"the judges of the jury hardly agree (alpha {report['alpha'] or 0:.2f})"


def family(model: str) -> str:
    """The family that a model's name tells: `Qwen/Qwen2.5-7B` is of `qwen`."""
    name = model.rstrip("/").rsplit("/", 1)[-1].lower()
    letters = next((i for i, letter in enumerate(name) if not letter.isalpha()), len(name))
    return name[:letters]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
