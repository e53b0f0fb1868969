"""Every family through the whole chain, with real steps: base, guideline, distill, finetune,
answer, judge.
"""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import PLAIN
from meteor.core.yaml12 import parse_yaml
from meteor.models.encoding import prompt_ids
from meteor.prompts import wording
from tests.conftest import ROOT, once
from tests.families.built import FAMILIES, build
from tests.families.chain import LEARNED, QUESTIONS, TEXT, THOUGHT, run

pytestmark = pytest.mark.slow


@pytest.fixture
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The family's tiny checkpoint as it would be on the hub."""
    name = request.param
    return once(tmp_path_factory, f"family-{name}", lambda folder: build(name, folder, TEXT))


@pytest.mark.parametrize("checkpoint", FAMILIES, indirect=True)
def test_a_family_goes_through_the_chain_without_the_users_help(
    checkpoint: Path, tmp_path: Path
) -> None:
    """Nor does it learn the teacher's thought."""
    family = FAMILIES[checkpoint.name.removeprefix("family-")]
    done = run(checkpoint, tmp_path, thought=THOUGHT)
    assert [answer.text for answer in done.answers] == [LEARNED] * 4
    assert {answer.finish_reason for answer in done.answers} == {"stop"}
    assert {answer.thought for answer in done.answers} == {None}
    assert done.learned() == [f"{LEARNED}{family.turn_ends_with}"] * 4
    assert {judged.scores.accuracy for judged in done.judgements} == {10.0}
    assert not any("think>" in (row.text or "") for row in done.guidelines)
    assert all(answer.reference_nll is not None for answer in done.answers)
    tokenizer = done.tokenizer
    ids = prompt_ids(tokenizer, wording.answer(PLAIN)(QUESTIONS[0]))
    if family.begins:
        assert ids.count(tokenizer.bos_token_id) == 1
    assert done.rows[0]["input_ids"][: len(ids)] == ids, "generation and training differ"


PRESETS = {
    "qwen3": "qwen3-switch",
    "gemma3": "gemma-3-4b",
    "llama3.2": "llama-3.2",
    "smollm3": "smollm3",
    "r1-distill": "r1-distill",
}
"""Of a student's preset, the family."""


def chosen(preset: str) -> tuple[str, dict[str, Any]]:
    """What a preset says of thoughts, and of the base model besides its name and precision."""
    file = ROOT / f"configs/presets/student-{preset}.yaml"
    base = parse_yaml(file.read_text())["base"]
    rest = {key: value for key, value in base["hub"].items() if key not in ("model", "dtype")}
    return base["thoughts"], rest


def test_students_presets_choose_what_goes_through_the_chain_here() -> None:
    found = {file.stem.removeprefix("student-") for file in ROOT.glob("configs/presets/student-*")}
    assert found == set(PRESETS) and set(PRESETS.values()) <= set(FAMILIES)
    told = {preset: chosen(preset) for preset in PRESETS}
    assert told.pop("r1-distill") == ("keep", {})
    assert set(map(str, told.values())) == {str(("off", {}))}


@pytest.mark.parametrize("checkpoint", ["r1-distill", "qwen3-switch"], indirect=True)
def test_thoughts_are_taken_out_of_what_a_student_writes(checkpoint: Path, tmp_path: Path) -> None:
    """Of one whose template begins the thought, and of one that begins it itself."""
    learned = run(checkpoint, tmp_path, "keep", THOUGHT)
    assert [answer.text for answer in learned.answers] == [LEARNED] * 4
    assert [answer.thought for answer in learned.answers] == [THOUGHT] * 4
    assert all(f"{THOUGHT}\n</think>\n\n{LEARNED}" in text for text in learned.learned())
    assert {judged.scores.accuracy for judged in learned.judgements} == {10.0}


@pytest.mark.parametrize("checkpoint", ["qwen3.5-thinking"], indirect=True)
def test_a_teachers_thought_is_not_learned_by_accident(checkpoint: Path, tmp_path: Path) -> None:
    """By a student that thinks and is to do so; the thoughts of others are looked at one by one in
    `test_thoughts`.
    """
    done = run(checkpoint, tmp_path, "strip", THOUGHT)
    family = FAMILIES[checkpoint.name.removeprefix("family-")]
    assert done.learned() == [f"{LEARNED}{family.turn_ends_with}"] * 4
    assert not any("think>" in answer.text for answer in done.answers)
