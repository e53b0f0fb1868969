"""A dump of Stack Exchange becomes questions with their best answers."""

import datetime
import random
from pathlib import Path

import pytest
from pydantic import ValidationError

from meteor.core.records import Failed, Question, Rejected
from plugins.source.stackexchange import StackExchange
from tests.sources.dumps import answer, dump, load, question, questions


def test_a_question_is_joined_with_its_answer_and_keeps_whom_to_thank(tmp_path: Path) -> None:
    posts = dump(question(4, AcceptedAnswerId=6), answer(6, to=4, ContentLicense="CC BY-SA 3.0"))
    assert load(tmp_path, posts) == [
        Question(
            id="4",
            title="Why?",
            body="<p>Why does <code>a &lt; b</code> fail?</p>",
            category="dl",
            answer="<p>Because.</p>",
            score=5,
            link="https://stackoverflow.com/questions/4#6",
            author="https://stackoverflow.com/users/7, Ann & Bob",
            licence="CC BY-SA 4.0, CC BY-SA 3.0",
        )
    ]


@pytest.mark.parametrize(
    ("how", "chosen"),
    [("best", {"2": "8", "3": "6", "9": "1"}), ("accepted", {"3": "6", "9": "1"})],
)
def test_the_accepted_answer_wins_and_else_the_best_scored(
    tmp_path: Path, how: str, chosen: dict[str, str]
) -> None:
    """Also where an answer stands before its question, as after a merge."""
    rows = load(
        tmp_path,
        dump(
            answer(1, to=9, Score=1),
            question(2),
            question(3, AcceptedAnswerId=6),
            answer(5, to=3, Score=90),
            answer(6, to=3, Score=1),
            answer(7, to=2, Score=3),
            answer(8, to=2, Score=4),
            question(9, AcceptedAnswerId=1),
        ),
        answers=how,
    )
    links = {row.id: str(row.link).split("#")[1] for row in questions(rows)}
    assert links == chosen


@pytest.mark.parametrize("seed", range(3))
def test_posts_in_any_order_keep_their_answers(tmp_path: Path, seed: int) -> None:
    posts = [question(n, AcceptedAnswerId=n + 100) for n in range(1, 40)]
    posts += [answer(n + 100, to=n, Body=f"To {n}.") for n in range(1, 40)]
    posts += [answer(n + 200, to=n, Score=99) for n in range(1, 40)]
    random.Random(seed).shuffle(posts)
    rows = questions(load(tmp_path, dump(*posts)))
    assert [(row.id, row.answer) for row in rows] == [(str(n), f"To {n}.") for n in range(1, 40)]


def test_answers_below_a_score_are_none(tmp_path: Path) -> None:
    posts = [question(1), answer(2, to=1, Score=0), question(3), answer(4, to=3, Score=2)]
    rows = load(tmp_path, dump(*posts), min_answer_score=1)
    assert [row.id for row in questions(rows)] == ["3"]
    assert [row.error for row in rows if isinstance(row, Rejected)] == ["without an answer"]


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ("|pytorch|", "dl"),
        ("<pytorch>", "dl"),
        ("<nlp><pytorch>", "nlp"),
        ("|machine-learning|opencv|", "cv"),
        ("|scikit-learn|", "ml"),
        ("|gardening|", ""),
    ],
)
def test_tags_of_old_and_new_dumps_give_the_category(
    tmp_path: Path, tags: str, category: str
) -> None:
    rows = load(tmp_path, dump(question(1, Tags=tags), answer(2, to=1)), others=True)
    assert [row.category for row in questions(rows)] == [category]


def test_each_question_that_is_left_out_says_why(tmp_path: Path) -> None:
    rows = load(
        tmp_path,
        dump(
            question(1, Tags="|gardening|"),
            question(2, Score=1),
            question(3, CreationDate="2018-01-01T00:00:00.000"),
            question(4, CreationDate="2021-01-01T00:00:00.000"),
            question(5, AnswerCount=0),
            question(6),
            question(7),
            answer(8, to=7),
            {**question(9), "PostTypeId": 4},
        ),
        **{"min_score": 2, "since": "2019-01-01", "until": "2020-01-01"},
    )
    assert {row.id: row.error for row in rows if isinstance(row, Rejected)} == {
        "1": "no tag of a category",
        "2": "score below 2",
        "3": "asked before 2019-01-01",
        "4": "asked after 2020-01-01",
        "5": "without an answer",
        "6": "without an answer",
    }
    assert [row.id for row in questions(rows)] == ["7"] and len(rows) == 7


def test_a_date_that_dvc_cannot_store_is_refused() -> None:
    """In YAML without quotes it is a date, and `dvc repro` ends with an unexpected error."""
    with pytest.raises(ValidationError, match='put the date in quotes: "2018-01-01"'):
        StackExchange(since=datetime.date(2018, 1, 1))


def test_the_licence_of_an_old_dump_goes_by_the_date(tmp_path: Path) -> None:
    dates = {"2011-04-07": "2.5", "2011-04-08": "3.0", "2018-05-01": "3.0", "2018-05-02": "4.0"}
    for number, (date, version) in enumerate(dates.items()):
        post = question(number, CreationDate=f"{date}T00:00:00.000", ContentLicense=None)
        (row,) = questions(load(tmp_path, dump(post), answered=False))
        assert row.licence == f"CC BY-SA {version}"


def test_an_answer_before_its_question_that_lacks_something_costs_itself(tmp_path: Path) -> None:
    posts = [answer(2, to=1, Score=None), answer(3, to=1), question(1)]
    rows = load(tmp_path, dump(*posts))
    assert [(row.id, row.answer) for row in questions(rows)] == [("1", "<p>Because.</p>")]
    (failed,) = [row for row in rows if isinstance(row, Failed)]
    assert (failed.id, failed.error) == ("2", "the attribute Score is missing")


def test_an_answer_without_a_text_takes_no_place(tmp_path: Path) -> None:
    posts = [question(1), answer(2, to=1, Body=None, Score=9), answer(3, to=1)]
    assert [row.answer for row in questions(load(tmp_path, dump(*posts)))] == ["<p>Because.</p>"]


def test_entities_of_html_and_lone_ampersands_are_text(tmp_path: Path) -> None:
    content = dump(question(1, AnswerCount=0)).replace(b'"Why?"', b'"R&D at AT&T&nbsp;now"')
    (row,) = questions(load(tmp_path, content, answered=False))
    assert row.title == "R&D at AT&T&nbsp;now"


def test_old_dumps_are_called_in_small_letters(tmp_path: Path) -> None:
    (tmp_path / "posts.xml").write_bytes(dump(question(1), answer(2, to=1)))
    assert len(questions(load(tmp_path))) == 1
