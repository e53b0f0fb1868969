"""What the authors' evaluations say is read where it is clear, and nothing is guessed."""

import json
import random

import pytest

from meteor.commands.authors.reading import scores
from meteor.commands.authors.words import verdict

VERDICTS = {
    "correct": [
        "Correct",
        "Correct.",
        "The answer is correct.",
        "Evaluation: correct",
        "**Correct**: it names both causes.",
        "Yes, it is fully correct. There is nothing wrong with it.",
        "This is not wrong.",
        "The answer is right.",
        "The answer is accurate and complete.",
        "This is a correct answer.",
        "Your answer appears to be correct.",
        "\u2705 Correct",
        '"Correct"',
        "(Correct)",
        "Verdict - Correct",
        "Result \u2192 correct",
        "Correct. It rightly says that ReLU has no derivative at 0, which is often stated wrong.",
        "Correct, including the claim that MSE is the wrong loss here.",
        "Correct. It also explains why the naive answer is wrong.",
        "Correct; it avoids the common error of forgetting the bias.",
        "There's no doubt that this is correct.",
        "I think that the answer is correct.",
        "Is it correct? Yes.",
        "I find no mistakes; it is correct.",
        "The answer and the reasoning are both correct.",
    ],
    "wrong": [
        "Not Correct",
        "not correct: the sign is lost",
        "The answer is not entirely correct.",
        "It isn't correct.",
        "This isn\u2019t quite correct",
        "Incorrect. The correct answer is 4.",
        "I don't think the answer is correct.",
        "I cannot confirm that the answer is correct.",
        "I doubt that it is correct.",
        "Is it correct? No.",
        "Is the derivation correct? It is not.",
        "Neither the answer nor the reasoning is correct.",
        "None of the steps are correct.",
        "Only the first step is correct.",
        "The first step is correct. The second step has an error: the gradient is 2x.",
        "The definition is correct, yet the conclusion does not follow.",
        "The code is correct; the explanation contradicts it.",
        "The student claims that it is correct. It is not.",
        "There is an error in step 2; the rest is correct.",
        "The answer would be correct only for linear models.",
        "To be correct, add the bias term.",
        "The answer is untrue.",
        "It is hard to call this correct.",
        "This is the wrong answer.",
        "The answer is mostly correct but misses the bias.",
        "Partially correct.",
        "The answer is correct, but the second half is wrong.",
        "The answer is wrong; the correct way is to normalise first.",
    ],
    "unknown": [
        "",
        "The answer explains the loss.",
        "The formula is correct, but the sign is missing.",
        "The correct answer would be 4.",
        "To correct this, use the log.",
        "Correct answer: 4",
        "Correct?",
        "Is the answer correct?",
        "Correct me if I am wrong, but the text is short.",
        "It is unclear whether the answer is correct.",
        "It is hard to tell if this is correct.",
        "That is correct only under assumptions that are not stated.",
        "I am not sure it is correct.",
        "It might be wrong.",
        "The first step is correct.",
        "The rest is correct.",
        "He says it is correct.",
        "It would be fine if the sign is correct.",
    ],
}


@pytest.mark.parametrize(("said", "text"), [(v, t) for v, texts in VERDICTS.items() for t in texts])
def test_an_evaluation_in_free_words_is_read_with_care(said: str, text: str) -> None:
    """Fault 6: "Not Correct" was taken as accepted, and "The answer is correct." as rejected."""
    assert verdict(text) == said


SUBJECTS = ("The answer", "It", "This", "Your answer", "The student's answer", "The response")
PARTS = ("The first step", "Step 2", "The definition", "The formula", "The setup", "The code")
PRAISE = ("is correct", "is right", "is entirely correct", "is accurate", "seems correct")
BLAME = ("is wrong", "is incorrect", "is not correct", "isn't right", "is false", "has an error",
         "contains two mistakes", "is far from correct", "is not entirely accurate")  # fmt: skip
DENIALS = ("I don't think that", "I cannot confirm that", "We are unable to say that",
           "It is not the case that", "I do not believe")  # fmt: skip
DOUBTS = ("It is unclear whether", "I am not sure that", "It depends on the data whether",
          "It is hard to tell if", "He claims that", "The text says that", "Perhaps")  # fmt: skip


def small(text: str) -> str:
    return text[0].lower() + text[1:]


def made_up(rng: random.Random) -> tuple[str, set[str]]:
    """A sentence or two, and what they may be read as."""
    whole, part = rng.choice(SUBJECTS), rng.choice(PARTS)
    good, bad = rng.choice(PRAISE), rng.choice(BLAME)
    join = rng.choice([". ", "; ", ", but ", ", yet ", ". However, "])
    return rng.choice(
        [
            (f"{whole} {good}.", {"correct"}),
            (f"{rng.choice(['Evaluation: ', 'Verdict - ', '**', 'Yes, '])}correct.", {"correct"}),
            (f"{whole} {bad}.", {"wrong"}),
            (f"{part} {bad}.", {"wrong"}),
            (f"{rng.choice(DENIALS)} {small(whole)} {good}.", {"wrong"}),
            (f"{rng.choice(DOUBTS)} {small(whole)} {good}.", {"unknown"}),
            (f"{part} {good}{join}{rng.choice(PARTS)} {bad}.", {"wrong"}),
            (f"{whole} {good}{join}{small(part)} {bad}.", {"wrong"}),
            (f"{part} {bad}{join}the rest {good}.", {"wrong"}),
            (f"{part} {good}.", {"unknown"}),
            (f"If {small(part)} holds, {small(whole)} {good}.", {"unknown"}),
            (f"Is it correct? {rng.choice(['No.', 'It is not.', 'Hardly.'])}", {"wrong"}),
            (f"Only {small(part)} {good}.", {"wrong", "unknown"}),
            (f"Neither {small(part)} nor {small(whole)} {good}.", {"wrong"}),
        ]
    )


@pytest.mark.parametrize("seed", range(10))
def test_no_evaluation_is_misread_in_silence(seed: int) -> None:
    """Ten times a hundred."""
    rng = random.Random(seed)
    for _ in range(100):
        text, allowed = made_up(rng)
        assert verdict(text) in allowed, text


FIVE = {"Accuracy": 8, "Completeness": 7, "Relevance": 9, "Coherence": 9, "Reliability": 6}


def test_scores_are_read_from_objects_and_from_text() -> None:
    """Fault 8: the judge's JSON was never parsed."""
    entries = [{"Answer": "Answer 1", **FIVE}, {"Answer": "models/b", **FIVE, "Accuracy": 3}]
    for evaluation in (entries, f"Here is it:\n```json\n{json.dumps(entries)}\n```"):
        found = scores(evaluation, ["models/a", "models/b"])
        assert {model: s.accuracy for model, s in found.items()} == {"models/a": 8, "models/b": 3}
    for unclear in ("Both are good.", [{"Answer": "c", **FIVE}], [{"Answer": "1", "Accuracy": 8}]):
        assert scores(unclear, ["models/a", "models/b"]) == {}
    assert scores([{"Answer": "2", **FIVE, "Accuracy": 11}], ["a", "b"]) == {}


def read(text: str, models: str = "base sft meteor") -> dict[str, float]:
    return {model: found.accuracy for model, found in scores(text, models.split()).items()}


def row(accuracy: object = 9, **names: object) -> str:
    return json.dumps({**names, **FIVE, "Accuracy": accuracy})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"As said in [1], here:\n[{row(Answer=1)}]", {"base": 9}),
        (f'[{{"Answer 1": {row()}}}, {{"Answer 2": {row(4)}}}]', {"base": 9, "sft": 4}),
        (f'[{{"Answer": 2, "Scores": {row()}}}]', {"sft": 9}),
        (f"[{row(answer_id=1)}, {row(4, **{'Answer Number': 2})}]", {"base": 9, "sft": 4}),
        (f"[{row(9)}, {row(4)}, {row(7)}]", {"base": 9, "sft": 4, "meteor": 7}),
        (f"[{row(9)}, {row(4)}]", {}),
        (f"[{row('9/10', Answer='a')}, {row(4, Answer='Answer #2')}]", {"base": 9, "sft": 4}),
        (f"[{row({'Score': 9, 'Justification': 'It is fair.'}, Answer='Answer1')}]", {"base": 9}),
        (f"[{row(Answer='The best choice of k is 2')}]", {}),
        (f"[{row(Answer='Take vitamin C')}]", {}),
        (f"[{row(Answer=0)}]", {}),
        (f"[{row(9, Answer=1)}, {row(4, Answer=1)}]", {}),
        (f"[{row(9, Answer=1)}, {row(9, Answer=1)}]", {"base": 9}),
        (f"[{row(11, Answer=1)}]", {}),
        (f"[{row('>8', Answer=1)}, {row(True, Answer=2)}, {row('7-8', Answer=3)}]", {}),
        (f"[{row(9)}, {row(4)}, {row(7)[:-9]}]", {}),
    ],
)
def test_scores_belong_to_whom_the_text_names(text: str, expected: dict[str, float]) -> None:
    assert read(text) == expected
