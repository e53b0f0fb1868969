"""Each question once, and none near a held-out one among those that train."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meteor.core.records import Question
from meteor.core.sections import Duplicates
from meteor.sources.duplicates import REASONS, Census
from meteor.sources.near import WORD, Signatures, triples, words_of
from meteor.sources.sides import SPLITS

WORDS = [f"w{n}" for n in range(60)]
TEXT = " ".join(WORDS)
NEAR = " ".join([*WORDS[:-1], "other"])
SOMEWHAT = " ".join([*WORDS[:52], *(f"v{n}" for n in range(8))])


def verdicts(folder: Path, *rows: dict[str, Any], **settings: Any) -> list[str]:
    """What becomes of questions whose id begins with the name of their split."""
    census = Census(folder, Duplicates(**settings), lambda i: i.split("-")[0])
    for row in rows:
        census.add(Question(**row))
    return [[*SPLITS, *REASONS][code] for code in census.judge().tolist()]


def row(identifier: str, text: str, score: int | None = None) -> dict[str, Any]:
    return {"id": identifier, "title": "Why?", "body": text, "score": score}


ID, SAME, NEARLY, HELD_OUT, ANSWER, CLASH = REASONS


def test_the_first_of_equals_stays(tmp_path: Path) -> None:
    rows = [
        row("train-1", TEXT),
        row("train-1", TEXT),
        row("train-2", TEXT.upper()),
        row("train-3", "b"),
    ]
    assert verdicts(tmp_path, *rows) == ["train", ID, SAME, "train"]


def test_the_better_scored_stays(tmp_path: Path) -> None:
    rows = [row("train-1", TEXT), row("train-2", TEXT, 5), row("train-3", NEAR, 9)]
    assert verdicts(tmp_path, *rows) == [SAME, NEARLY, "train"]


def test_an_id_with_another_text_is_a_clash(tmp_path: Path) -> None:
    rows = [row("train-1", "a"), row("train-1", "b")]
    assert verdicts(tmp_path, *rows) == ["train", CLASH]


def test_near_duplicates_may_stay(tmp_path: Path) -> None:
    rows = [row("train-1", TEXT), row("train-2", NEAR), row("train-3", TEXT)]
    assert verdicts(tmp_path, *rows, near=None) == ["train", "train", SAME]
    assert verdicts(tmp_path, *rows, near=None, held_out=None) == ["train", "train", SAME]


@pytest.mark.parametrize("best", ["train", "test"])
def test_what_is_near_a_test_question_does_not_train(tmp_path: Path, best: str) -> None:
    rows = [
        row("train-1", SOMEWHAT, 9 if best == "train" else 1),
        row("test-1", TEXT, 1 if best == "train" else 9),
        row("dev-1", " ".join(["x", "y", *WORDS[2:]])),
        row("train-2", "another matter altogether, is it not"),
    ]
    assert verdicts(tmp_path, *rows, near=1.0, held_out=0.6) == [
        HELD_OUT,
        "test",
        HELD_OUT,
        "train",
    ]


def test_a_score_of_any_size_ranks(tmp_path: Path) -> None:
    rows = [row("train-1", TEXT, 10**30), row("train-2", TEXT, -(10**30))]
    assert verdicts(tmp_path, *rows) == ["train", SAME]


def test_similarity_is_that_of_word_triples(tmp_path: Path) -> None:
    signatures = Signatures(tmp_path / "s")
    for text in (TEXT, NEAR, SOMEWHAT, "w0 w1", ""):
        signatures.add(words_of(text))
    found = {
        (int(a), int(b)): float(share)
        for left, right, shares in signatures.pairs(np.arange(5), 0.5)
        for a, b, share in zip(left, right, shares, strict=True)
    }
    signatures.close()
    sets = [set(triples(words_of(text))) for text in (TEXT, NEAR, SOMEWHAT)]
    assert found.keys() == {(0, 1), (0, 2), (1, 2)}
    for (a, b), share in found.items():
        assert share == pytest.approx(len(sets[a] & sets[b]) / len(sets[a] | sets[b]), abs=0.12)


def test_words_are_those_of_the_pattern_in_any_script() -> None:
    ascii_alone = "".join(map(chr, range(128)))
    for text in (f"One, two_3{ascii_alone}Four", f"Ünder {ascii_alone} übung 数据"):
        assert words_of(text) == [word.encode() for word in WORD.findall(text.lower())]


def test_thousands_of_one_text_do_not_take_the_square_of_the_time(tmp_path: Path) -> None:
    """4,000 rows that are nearly one: 8 million pairs, of which few are looked at."""
    rows = [row(f"train-{n}", f"{TEXT} {n}") for n in range(4000)]
    found = verdicts(tmp_path, *rows)
    assert found.count("train") == 1 and found.count(NEARLY) == 3999


def test_the_sample_questions_are_not_near_to_each_other(tmp_path: Path) -> None:
    """48 concepts, each asked from five angles: those are different questions."""
    from plugins.source.meteor_json import MeteorJson, source_load

    rows = [
        q
        for q in source_load(Path("data/sources/machine_learning"), MeteorJson())
        if isinstance(q, Question)
    ]
    found = verdicts(tmp_path, *({**q.model_dump(), "id": f"train-{q.id}"} for q in rows))
    assert found == ["train"] * 240
