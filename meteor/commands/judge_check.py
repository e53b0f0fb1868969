"""`meteor judge-check`: how far the judge agrees with people.

FILE has one vote a line (JSON Lines): `question_id`, `model_a`, `model_b`, `winner` (`model_a`,
`model_b` or `tie`), `judge` (who voted), `turn` (1 where it is left out). Verdicts of a judge come
from a file of the same form, or the judge that params.yaml chooses is asked, in both orders: then
each line also has the texts `question`, `answer_a`, `answer_b`, and `reference` where there is one.

With `--labelled` FILE has pairs of which one answer is known to be right: `question`, `right`,
`wrong`, `reference`, `kind` (`near` where it is left out). The right answers of other questions
are added as the easy kind.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.judgements import Preference
from meteor.core.params import load_params
from meteor.core.records import Failed, Question
from meteor.evaluation.agreement import (
    Vote,
    VotePair,
    agreement,
    beyond_chance,
    judge_with_people,
    people_among_themselves,
    turns,
)
from meteor.evaluation.controls import Labelled
from meteor.evaluation.intervals import proportion_interval


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor judge-check`."""
    parser.add_argument("file", type=Path, help="votes of people, one a line (docs/evaluation.md)")
    parser.add_argument(
        "--verdicts", type=Path, help="verdicts of a judge, one a line; else the judge is asked"
    )
    parser.add_argument(
        "--people",
        default="",
        metavar="PREFIX",
        help="count only the votes whose `judge` begins so (MT-bench counts its experts)",
    )
    parser.add_argument(
        "--labelled", action="store_true", help="FILE has pairs of a right and a wrong answer"
    )


def run(arguments: argparse.Namespace) -> None:
    """Print the agreement with and without ties, beside that of people among themselves; or how
    often the right answer wins.
    """
    if arguments.labelled:
        measure(list(read_records(arguments.file, Labelled)), arguments.file)
        return
    votes = read_records(arguments.file, Vote)
    people = [vote for vote in votes if vote.judge.startswith(arguments.people)]
    if not people:
        raise MeteorError(f"{arguments.file}: there is no vote of {arguments.people or 'anybody'}")
    if arguments.verdicts:
        judge = list(read_records(arguments.verdicts, Vote))
    else:
        judge = ask(people, arguments.file)
    print(f"{len(people)} votes of people, {len(judge)} verdicts of the judge")
    print(f"{'turn':4}  {'':23}  {'with ties':32}  {'without ties':32}  kappa")
    for turn in turns(people):
        voted = [vote for vote in people if vote.turn == turn]
        told = [vote for vote in judge if vote.turn == turn]
        _print(turn, "judge and people", judge_with_people(told, voted))
        _print(turn, "people among themselves", people_among_themselves(voted))


def _print(turn: int, who: str, pairs: Sequence[VotePair]) -> None:
    print(
        f"{turn:4}  {who:23}  {agreement(pairs, ties=True)!s:32}  "
        f"{agreement(pairs, ties=False)!s:32}  {beyond_chance(pairs) or '-'}"
    )


def ask(people: Sequence[Vote], file: Path) -> list[Vote]:
    """The chosen judge's overall preference on every item, over both orders."""
    from meteor.core.roles import load_role
    from meteor.evaluation.comparing import Match, prefer
    from meteor.running.context import Context, working

    params = load_params()
    judge = load_role("judge", params)
    items = {vote.item: vote for vote in people}
    matches = []
    for number, vote in enumerate(items.values()):
        if not vote.question.strip() or vote.answer_a is None or vote.answer_b is None:
            raise MeteorError(
                f"{file}: question {vote.question_id!r}, {vote.model_a} and {vote.model_b}: to ask "
                "the judge, the fields question, answer_a and answer_b are needed; or give "
                "--verdicts"
            )
        question = Question(
            id=str(number),
            title=vote.question,
            category=vote.category,
            answer=(vote.reference or "").strip() or None,
        )
        matches.append(Match(question, vote.model_b, vote.answer_a, vote.answer_b))
    with working(Context("judge-check")):
        asked = list(prefer(judge, matches))
    verdicts = []
    for vote, (_, row) in zip(items.values(), asked, strict=True):
        if isinstance(row, Failed):
            print(f"no verdict on question {vote.question_id}: {row.error}")
            winner = "no verdict"
        else:
            winner = decided(row)
        verdicts.append(vote.model_copy(update={"winner": winner, "judge": judge.name}))
    return verdicts


def measure(rows: Sequence[Labelled], file: Path) -> None:
    """Ask the chosen judge and print how often the right answer wins, by kind of the wrong one."""
    from meteor.core.roles import load_role
    from meteor.evaluation.comparing import prefer
    from meteor.running.context import Context, working

    if not rows:
        raise MeteorError(f"{file}: there is no pair")
    judge = load_role("judge", load_params())
    easy = [
        row.model_copy(update={"wrong": rows[place - len(rows) // 2].right, "kind": "off-topic"})
        for place, row in enumerate(rows)
        if len(rows) > 1
    ]
    matches = [row.match(number) for number, row in enumerate([*easy, *rows])]
    with working(Context("judge-check")):
        found = list(prefer(judge, matches))
    print(f"{'kind':12}  pairs  {'right':>20}  tie  wrong  no verdict")
    for kind in dict.fromkeys(match.against for match in matches):
        told = [
            "no verdict" if isinstance(row, Failed) else decided(row)
            for match, row in found
            if match.against == kind
        ]
        right, count = told.count("model_a"), len(told)
        low, high = proportion_interval(right, count)
        ties = sum(winner.startswith("tie") for winner in told)
        print(
            f"{kind:12}  {count:5}  {right / count:6.1%} ({low:.0%} to {high:.0%})".ljust(43)
            + f"{ties:3}  {told.count('model_b'):5}  {told.count('no verdict'):10}"
        )


def decided(row: Preference) -> str:
    """The winner over both orders as MT-bench counts: two verdicts that differ are a tie."""
    if row.inconsistent("overall"):
        return "tie (inconsistent)"
    share = row.first.overall
    return "tie" if share == 0.5 else "model_a" if share > 0.5 else "model_b"
