"""What every teacher and every judge holds."""

from meteor_example import glossary, length

from meteor.testing import check_judge, check_teacher


def test_the_teacher() -> None:
    check_teacher(glossary)
    check_teacher(glossary, terms={"token": "A token is a piece of text."})


def test_the_judge() -> None:
    check_judge(length, words=50)
