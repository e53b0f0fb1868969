"""Model cards: where a checkpoint comes from, what it learned, under which licence."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meteor.core.domain import Domain
from meteor.core.params import load_params
from meteor.core.records import Example, Question
from meteor.core.roles import load_role
from meteor.core.settings import Schedule
from meteor.models.model_card import Learned, read_front, write_base_card, write_card
from meteor.prompts import wording

BASE = {"license": "other", "license_name": "llama3", "license_link": "LICENSE", "tags": ["x"]}


EXAMPLES = [
    Example(
        id="q0", prompt=wording.answer(Domain())(Question(id="q0", title="Why?")), answer="Because."
    )
]


def learned(phase: str) -> Learned:
    return Learned(
        phase=phase,
        data=EXAMPLES,
        trainer=load_role("sft", load_params()),
        schedule=Schedule(epochs=2, learning_rate=1e-4),
        seed=7,
        rows=12,
        losses=[(1, 2.5), (2, 1.25)],
        gate={"dev_nll": 2.0, "refused": 0},
    )


def test_a_card_carries_licence_base_and_every_training_since(tmp_path: Path) -> None:
    base, sft, r1 = tmp_path / "base", tmp_path / "sft", tmp_path / "r1"
    write_base_card(base, "lab/model", BASE)
    write_card(sft, base, "sft", learned("weak-to-strong distillation"))
    write_card(r1, sft, "r1", learned("iterative training"))
    front = read_front(r1 / "README.md")
    assert front["base_model"] == "lab/model"
    assert (front["license"], front["license_name"]) == ("other", "llama3")
    assert "x" not in front["tags"] and "iterative training" in front["tags"]
    assert [(step["checkpoint"], step["from"]) for step in front["meteor"]] == [
        ("sft", "base"),
        ("r1", "sft"),
    ]
    digest = hashlib.sha256((EXAMPLES[0].model_dump_json() + "\n").encode()).hexdigest()
    newest = front["meteor"][-1]
    assert newest["sha256"] == digest, "of what was learned, not of what else stood in a file"
    assert newest["trainer"]["settings"]["max_length"] == 512
    assert newest["schedule"] == {"epochs": 2.0, "learning_rate": 1e-4}
    assert newest["loss"] == {"first": 2.5, "last": 1.25} and newest["gate"]["refused"] == 0
    text = (r1 / "README.md").read_text()
    assert f"| r1 | sft | iterative training | 12 | `{digest[:12]}` | 2 | 2.5 to 1.25 |" in text
    assert "## Limits" in text and "The base model's: other" in text


def test_the_same_training_gives_the_same_card_and_names_no_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_base_card(tmp_path / name / "base", "lab/model", BASE)
        write_card(tmp_path / name, tmp_path / name / "base", "sft", learned("any"))
    card = (tmp_path / "one/README.md").read_text()
    assert card == (tmp_path / "two/README.md").read_text()
    assert str(tmp_path) not in card and "seconds" not in card


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    """Newer versions of scipy, and plugins, give them."""
    write_base_card(tmp_path / "base", "lab/model", BASE)
    gate = {"dev_nll": np.float64(2.5), "refused": np.int64(0), "dev_p": np.float32(0.5)}
    write_card(tmp_path / "sft", tmp_path / "base", "sft", replace(learned("any"), gate=gate))
    told = read_front(tmp_path / "sft/README.md")["meteor"][-1]["gate"]
    assert told == {"dev_nll": 2.5, "refused": 0, "dev_p": 0.5}


@pytest.mark.parametrize("card", [None, "", "# no front matter", "---\n[: broken\n---\n", "---\n"])
def test_a_start_without_a_readable_card_leaves_licence_and_base_unknown(
    tmp_path: Path, card: str | None
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if card is not None:
        (start / "README.md").write_text(card)
    write_card(tmp_path / "new", start, "new", learned("any"))
    front = read_front(tmp_path / "new/README.md")
    assert (front["license"], front["base_model"]) == ("unknown", "unknown")
    assert len(front["meteor"]) == 1
