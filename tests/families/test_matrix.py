"""Every family through the whole chain, with real steps: base, guideline, distill, finetune,
answer, judge.
"""

from pathlib import Path

import pytest

from meteor.core.domain import PLAIN
from meteor.core.yaml12 import parse_yaml
from meteor.models.encoding import prompt_ids
from meteor.prompts import wording
from tests.conftest import ROOT, once
from tests.families.built import FAMILIES, build
from tests.families.chain import LEARNED, QUESTIONS, TEXT, THOUGHT, run

pytestmark = pytest.mark.slow
THINKING = [name for name, family in FAMILIES.items() if family.thinks]


@pytest.fixture
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The family's tiny checkpoint as it would be on the hub."""
    name = request.param
    return once(tmp_path_factory, f"family-{name}", lambda folder: build(name, folder, TEXT))


@pytest.mark.parametrize("checkpoint", FAMILIES, indirect=True)
def test_a_family_goes_through_the_chain_without_the_users_help(
    checkpoint: Path, tmp_path: Path
) -> None:
    family = FAMILIES[checkpoint.name.removeprefix("family-")]
    done = run(checkpoint, tmp_path)
    assert [answer.text for answer in done.answers] == [LEARNED] * 4
    assert {answer.finish_reason for answer in done.answers} == {"stop"}
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


@pytest.mark.parametrize(("preset", "checkpoint"), PRESETS.items(), indirect=["checkpoint"])
def test_a_students_preset_fits_its_family(preset: str, checkpoint: Path, tmp_path: Path) -> None:
    file = ROOT / f"configs/presets/student-{preset}.yaml"
    base = parse_yaml(file.read_text())["base"]
    own = {key: value for key, value in base["hub"].items() if key not in ("model", "dtype")}
    done = run(checkpoint, tmp_path, base["thoughts"], THOUGHT, **own)
    thoughts = {answer.thought for answer in done.answers}
    assert {answer.text for answer in done.answers} == {LEARNED}
    assert thoughts == ({THOUGHT} if base["thoughts"] == "keep" else {None})


@pytest.mark.parametrize("checkpoint", THINKING, indirect=True)
def test_thoughts_are_taken_out_of_what_a_student_writes(checkpoint: Path, tmp_path: Path) -> None:
    if checkpoint.name == "family-qwen3.5-not-thinking":
        pytest.skip("its template lets it never think")
    learned = run(checkpoint, tmp_path, "keep", THOUGHT)
    assert [answer.text for answer in learned.answers] == [LEARNED] * 4
    assert [answer.thought for answer in learned.answers] == [THOUGHT] * 4
    assert all(f"{THOUGHT}\n</think>\n\n{LEARNED}" in text for text in learned.learned())
    assert {judged.scores.accuracy for judged in learned.judgements} == {10.0}


@pytest.mark.parametrize("checkpoint", THINKING, indirect=True)
def test_a_teachers_thought_is_not_learned_by_accident(checkpoint: Path, tmp_path: Path) -> None:
    done = run(checkpoint, tmp_path, "strip", THOUGHT)
    family = FAMILIES[checkpoint.name.removeprefix("family-")]
    assert done.learned() == [f"{LEARNED}{family.turn_ends_with}"] * 4
    assert not any("think>" in answer.text for answer in done.answers)
