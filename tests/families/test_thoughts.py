"""Thoughts: taken apart, kept beside the answer, learned whole or not at all."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Completion, Example
from meteor.generation.writing import written
from meteor.models.encoding import encode_example, load_tokenizer
from plugins.pairwise import trl as pairwise
from plugins.sft import trl as sft
from tests.families.built import FAMILIES
from tests.families.test_turns import asking, based

ANSWER = "It is a pass. It takes time. Do it again."


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("An answer.", None, "An answer."),
        ("<think>\nHm.\n</think>\n\nAn answer.", "Hm.", "An answer."),
        ("<think>\n\n</think>\n\nAn answer.", None, "An answer."),
        ("<think>It never ends.", "It never ends.", ""),
        ("</think>\n\nAn answer.", None, "An answer."),
        ("Split it at `</think>`: so.", None, "Split it at `</think>`: so."),
    ],
)
def test_a_thought_is_no_part_of_what_any_plugin_writes(
    text: str, thought: str | None, answer: str
) -> None:
    row = Completion(id="q", text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)
    assert (row.thought, row.text) == (thought, answer)
    again = Completion.model_validate_json(row.model_dump_json())
    assert again == row and ("thought" in row.model_dump()) == (thought is not None)


@pytest.mark.parametrize(
    ("text", "finish_reason", "said"),
    [
        ("An answer.", "stop", None),
        ("An answer", "length", "cut off by the token limit"),
        ("<think>Hm.</think>", "stop", "only a thought"),
        ("<think>Hm", "length", "only a thought, which the token limit cut off"),
        (" ", "length", "empty"),
    ],
)
def test_what_a_text_lacks_is_named(text: str, finish_reason: Any, said: str | None) -> None:
    tokens = {"prompt_tokens": 1, "completion_tokens": 1}
    row = Completion(id="q", text=text, finish_reason=finish_reason, **tokens)
    assert row.lacking == said


@pytest.mark.parametrize("name", ["qwen3", "r1-distill", "smollm2"])
@pytest.mark.parametrize("thoughts", ["off", "strip", "keep"])
def test_a_thought_is_learned_whole_or_not_at_all(name: str, thoughts: str, tmp_path: Path) -> None:
    """Whatever the limit: as `too_long: cut` shortens the answer, never the thought."""
    tokenizer = load_tokenizer(based(name, tmp_path, thoughts=thoughts))
    thought = "They ask for it, so I say what it is, and that it takes its time. " * 2
    rows = [Example(id="q", prompt=asking("So?"), answer=ANSWER, thought=thought)]
    full = encode_example(tokenizer, rows[0])
    taught = tokenizer.decode(full.answer)
    assert (thought.strip() in taught) == (thoughts == "keep")
    assert "think>" not in taught or thoughts == "keep"
    assert not taught.startswith(("</think>", "\n"))
    for limit in range(len(full.prompt) + 2, len(full.prompt + full.answer) + 1):
        params = sft.Trl(max_length=limit, too_long="cut")
        try:
            (row,), report = sft._rows(tokenizer, rows, params)
        except MeteorError:  # no row fits
            continue
        pairs = zip(row["input_ids"], row["completion_mask"], strict=True)
        learned = tokenizer.decode([token for token, own in pairs if own])
        assert learned.endswith(tokenizer.turns.end.strip())
        assert "It is a pass." in learned
        assert (thought.strip() + "\n</think>" in learned) == (thoughts == "keep")
        assert report.rows == 1


THINKING = [name for name, family in FAMILIES.items() if family.thinks]


@pytest.mark.parametrize("name", THINKING)
@pytest.mark.parametrize("thoughts", ["strip", "keep"])
def test_what_is_learned_of_a_thought_is_what_is_read(
    name: str, thoughts: str, tmp_path: Path
) -> None:
    """Of every family that thinks: who writes what was learned has thought just so."""
    kept, thought = thoughts == "keep", "They ask what it is."
    if kept and name == "qwen3.5-not-thinking":
        pytest.skip("its template lets it never think")
    tokenizer = load_tokenizer(based(name, tmp_path, thoughts=thoughts))
    rows = [Example(id="q", prompt=asking("So?"), answer=ANSWER, thought=thought)]
    ((row,), _) = sft._rows(tokenizer, rows, sft.Trl())
    pairs = zip(row["input_ids"], row["completion_mask"], strict=True)
    ids = [token for token, own in pairs if own]
    taught = tokenizer.decode(ids)
    if kept:
        assert f"{thought}\n</think>\n\n{ANSWER}" in taught
        found = written(tokenizer, ids)
        assert (found.thought, found.answer) == (thought, ANSWER)
    else:
        assert taught == f"{ANSWER}{FAMILIES[name].turn_ends_with}"


def test_two_answers_are_compared_after_the_same_prompt(tmp_path: Path) -> None:
    """With their thoughts where both have one, else without."""
    from meteor.core.records import Pair

    tokenizer = load_tokenizer(based("qwen3", tmp_path, thoughts="keep"))
    pair = Pair(
        id="q",
        prompt=asking("So?"),
        chosen="Yes.",
        rejected="No.",
        chosen_flops=None,
        rejected_flops=None,
        chosen_thought="Hm.",
    )
    one = pairwise._row(tokenizer, pair, 512)
    both = pairwise._row(tokenizer, pair.model_copy(update={"rejected_thought": "Oh."}), 512)
    assert one and both
    assert tokenizer.decode(one["chosen_ids"]) == "Yes.<|im_end|>"
    assert tokenizer.decode(one["prompt_ids"]).endswith("</think>\n\n")
    assert tokenizer.decode(both["rejected_ids"]).startswith("<think>\nOh.\n</think>\n\nNo.")
    assert tokenizer.decode(both["prompt_ids"]).endswith("assistant\n")


@pytest.mark.parametrize("thoughts", ["off", "strip"])
def test_what_a_model_writes_is_taken_apart_by_its_tokens(thoughts: str, tmp_path: Path) -> None:
    """Also where a tag stands in the midst: as a token it is meant as one."""
    tokenizer = load_tokenizer(based("qwen3.5-thinking", tmp_path, thoughts=thoughts))

    def read(text: str) -> tuple[str | None, str]:
        found = written(tokenizer, tokenizer(text, add_special_tokens=False)["input_ids"])
        return found.thought, found.answer

    assert read("Hm.\n</think>\n\nAn answer.<|im_end|>") == ("Hm.", "An answer.")
    assert read("</think>\n\nAn answer.<|im_end|>") == (None, "An answer.")
    opened = thoughts == "strip"
    assert read("An answer.<|im_end|>") == (("An answer.", "") if opened else (None, "An answer."))
