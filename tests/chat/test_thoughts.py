"""Thoughts and answers in one text, told apart whatever the tags and whether they are complete."""

import pytest

from meteor.core.thoughts import part


@pytest.mark.parametrize(
    "text, answer, thought",
    [
        ("<think>\nHmm.\n</think>\n\nYes.", "Yes.", "Hmm."),
        ("Hmm, let me see.\n</think>\n\nYes.", "Yes.", "Hmm, let me see."),
        ("I know that.</think>Yes.", "Yes.", "I know that."),
        ("Maybe {1}? No.\n</think>\nYes.", "Yes.", "Maybe {1}? No."),
        ('{"score": 2}\nNo.\n</think>\n{"score": 8}', '{"score": 8}', '{"score": 2}\nNo.'),
        ("<THINKING>a</THINKING>Yes.", "Yes.", "a"),
        ("[THINK]a[/THINK]Yes.", "Yes.", "a"),
        ("<think></think>Yes.", "Yes.", ""),
        ("<think>a</think>\n<think>b</think>Yes.", "Yes.", "a\n\nb"),
    ],
)
def test_a_thought_is_no_part_of_the_answer(text: str, answer: str, thought: str) -> None:
    found = part(text)
    assert (found.answer.strip(), found.thought, found.ended) == (answer, thought, True)


@pytest.mark.parametrize("text", ["<think>Hm", "<think>a</think><think>b", " <thought>\nA\n\nB"])
def test_a_thought_that_never_ends_leaves_no_answer(text: str) -> None:
    assert part(text).answer == "" and not part(text).ended


@pytest.mark.parametrize(
    "text",
    [
        "Split it at `</think>`: the thought is opened by `<think>`.",
        'The tag "</think>" ends it.',
        "Write </think> where the thought ends.",
        "```\n<think>\n</think>\n```\nSo it looks.",
        '{"reason": "It keeps the </think> in the text."}',
        '{"reason": "It wrote <think>x</think> before."}',
    ],
)
def test_a_text_about_the_tags_stays_whole(text: str) -> None:
    assert part(text).answer == text
