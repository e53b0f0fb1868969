"""Words in scripts without blanks, and one text in several forms."""
# ruff: noqa: RUF001

from pathlib import Path

import pytest

from meteor.sources.near import words_of
from tests.sources.test_duplicates import HELD_OUT, NEARLY, verdicts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("什么是GPU加速？", "什 么 是 gpu 加 速"),
        ("機械学習とは", "機 械 学 習 と は"),
        ("ﬁne Ｗｈａｔ STRASSE straße e\u0301", "fine what strasse strasse é"),
        ("كِتَابٌ كتـاب", "كتاب كتاب"),
        ("हिन्दी में", "हिन्दी में"),
        ("می\u200cشود", "میشود"),
    ],
)
def test_words_in_other_scripts_and_forms(text: str, words: str) -> None:
    assert [word.decode() for word in words_of(text)] == words.split()


@pytest.mark.parametrize(
    ("held_out", "other"),
    [
        ("What is overfitting?", "1. what is OVERFITTING"),
        ("What is overfitting?", "Question 12: What is overfitting?"),
        ("What is overfitting?", "Q: What is over\u00adfitting?"),
        ("Is it fine, what I do there now?", "(3) Is it ﬁne; what I do there now!"),
        ("请解释什么是机器学习中的过拟合问题？", "请 解释：什么是机器学习中的过拟合问题"),
        (
            "请解释什么是机器学习中的过拟合问题？",
            "请解释什么是机器学习中的过拟合问题？并给出例子。",
        ),
        ("ما هو التعلّم الآلي وكيف يعمل؟", "ما هو التعلم الآلي وكيف يعمل"),
    ],
)
def test_a_held_out_question_in_another_form_does_not_train(
    tmp_path: Path, held_out: str, other: str
) -> None:
    rows = [{"id": "test-1", "title": held_out}, {"id": "train-1", "title": other}]
    found = verdicts(
        tmp_path, *rows, {"id": "train-2", "title": "什么是另外一个完全不同的事情呢？"}
    )
    assert found[0] == "test" and found[1] in (NEARLY, HELD_OUT) and found[2] == "train"
