"""`meteor preset`: what it changes in params.yaml and what not; every preset is valid."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.__main__ import main
from meteor.commands.preset import PRESETS
from meteor.core.hookspecs import ROLES
from meteor.core.params import load_params
from meteor.core.roles import check_roles, load_role
from tests.conftest import ROOT

NAMES = sorted(file.stem for file in (ROOT / PRESETS).glob("*.yaml"))


class Copy:
    """A copy of the project in which the command runs, in this process."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.file = folder, folder / "params.yaml"
        self.monkeypatch, self.capsys = monkeypatch, capsys
        for name in ("configs", "plugins"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "params.yaml", self.file)
        (folder / "data").mkdir()
        (folder / "data/sources").symlink_to(ROOT / "data/sources")
        monkeypatch.chdir(folder)

    def preset(self, *arguments: str, code: int = 0) -> str:
        """What `meteor preset …` prints, or its error."""
        self.monkeypatch.setattr("sys.argv", ["meteor", "preset", *arguments])
        ended = 0
        try:
            main()
        except SystemExit as left:
            ended = int(str(left.code))
        printed = self.capsys.readouterr()
        assert ended == code, printed
        return printed.err if code else printed.out

    def own(self, text: str) -> None:
        """Write a preset `mine`."""
        (self.folder / PRESETS / "mine.yaml").write_text(text)


@pytest.fixture
def copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Copy:
    return Copy(tmp_path, monkeypatch, capsys)


def part_of(part: Any, whole: Any) -> bool:
    """Whether a mapping has all that another one has, at every depth."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(part_of(v, whole.get(k)) for k, v in part.items())
    return bool(part == whole)


def chosen() -> dict[str, Any]:
    """All settings that count: of each role those of its chosen plugin."""
    whole = load_params()
    roles = {role: load_role(role, whole) for role in ROLES}
    return {
        **whole.model_dump(exclude=set(ROLES)),
        **{role: (plugin.name, plugin.params.model_dump()) for role, plugin in roles.items()},
    }


def test_there_are_the_presets_that_the_docs_name() -> None:
    assert [
        *("laptop", "paper-llama3-8b", "paper-qwen2-7b", "single-gpu-lora", "student-gemma3"),
        *("student-llama3.2", "student-qwen3", "student-r1-distill", "student-smollm3"),
        *("text-to-sql", "text-to-sql-controls"),
    ] == NAMES


def test_without_a_name_they_are_listed(copy: Copy) -> None:
    listed = copy.preset().splitlines()
    assert [line.split()[0] for line in listed] == NAMES
    assert all(len(line.split()) > 5 for line in listed), "each says what it is"


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_is_valid_and_can_be_left_again(copy: Copy, name: str) -> None:
    shipped = chosen()
    copy.preset(name)
    check_roles(load_params())
    text = (ROOT / PRESETS / f"{name}.yaml").read_text()
    preset = yaml.safe_load("\n".join(x for x in text.splitlines() if "!default" not in x))
    assert part_of(preset, yaml.safe_load(copy.file.read_text()))
    assert (name == "laptop") == (chosen() == shipped)
    assert "has all the settings" in copy.preset(name), "a second time changes nothing"
    copy.preset("laptop")
    assert chosen() == shipped


def test_the_paper_presets_have_the_authors_settings(copy: Copy) -> None:
    copy.preset("paper-llama3-8b")
    whole = chosen()
    name, sft = whole["sft"]
    assert (name, sft["launcher"], sft["batch_size"], sft["accumulation"]) == (
        *("trl", "deepspeed", 1, 8),
    )
    assert sft["deepspeed"]["gpus"] == 4 and sft["deepspeed"]["config"].name == "zero2.json"
    assert whole["finetune"]["schedule"] == {"epochs": 3.0, "learning_rate": 3e-5}
    assert whole["iterate"]["max_iterations"] == 3 and whole["iterate"]["finetune_interval"] == 10
    assert whole["pairs"]["chosen"]["strategy"] == "beam"
    assert whole["pairs"]["chosen"]["num_beams"] == 10
    assert whole["turns"]["t2"] == {
        **{"start": "t1", "against": "r1", "among": "all"},
    }, "the turn before"
    assert {whole[role][1]["model"] for role in ("teacher", "advisor", "judge")} == {"gpt-4"}


def test_what_a_preset_does_not_name_stays_with_its_comments(copy: Copy) -> None:
    before = copy.file.read_text().splitlines()
    copy.preset("paper-qwen2-7b")
    after = copy.file.read_text().splitlines()
    comments = [line for line in before if line.lstrip().startswith("#")]
    assert [line for line in after if line.lstrip().startswith("#")] == comments
    assert [line for line in after if not line] == [line for line in before if not line]
    untouched = before[: before.index("base:")]
    assert after[: len(untouched)] == untouched
    assert "  requests_per_minute: null   # null: no limit but the endpoint's" in after
    assert "    file: SmolLM2-135M-Instruct.Q4_1.gguf" in after, "of a plugin that is left"


def test_laptop_is_what_ships(copy: Copy) -> None:
    before = copy.file.read_bytes()
    assert "has all the settings" in copy.preset("laptop")
    assert copy.file.read_bytes() == before


def test_a_dry_run_prints_the_changes_and_writes_nothing(copy: Copy) -> None:
    before = copy.file.read_bytes()
    printed = copy.preset("single-gpu-lora", "--dry-run")
    assert "sft.trl.method: full -> lora" in printed.splitlines()
    assert "rounds.r2: {from: r1} -> nothing" in printed.splitlines()
    assert "not written" in printed
    assert copy.file.read_bytes() == before


def test_a_preset_that_would_not_be_valid_changes_nothing(copy: Copy) -> None:
    before = copy.file.read_bytes()
    for text, told in (
        ("evaluate: {r9: {before: base}}", "evaluate: there is no checkpoint 'r9'"),
        ("sft: {trl: {metod: lora}}", "sft.trl.metod: unknown key (did you mean 'method'?)"),
        ("judge: {plugin: oracle}", "judge.plugin: there is no plugin 'oracle'"),
    ):
        copy.own(text)
        assert told in copy.preset("mine", code=2)
    assert "there is no preset 'big' (there are: laptop, mine," in copy.preset("big", code=2)
    assert copy.file.read_bytes() == before


def test_a_preset_of_ones_own_may_end_sections_with_new_keys(copy: Copy) -> None:
    copy.own(
        "api: {prices: {gpt-4o: {input: 1, output: 2, date: 2026-01-31}}, batch_poll: 5}\n"
        "judge: {reference: {cut_off: 0.5}}\n"
    )
    copy.preset("mine")
    text = copy.file.read_text()
    assert "  batch_poll: 5\n" in text
    assert "\n\nobservers: " in text, "what stands below stays below"
    assert load_params().api.prices["gpt-4o"].output == 2
    assert "cut_off: 0.5              # factor on coherence" in text


def test_a_domain_in_another_language_is_told_as_it_is_written_and_left_without_a_trace(
    copy: Copy,
) -> None:
    before = load_params().domain
    copy.own("domain: {name: Prüfstände, categories: {Größen & Formen: Maße, py-3.x: Python}}\n")
    told = copy.preset("mine").splitlines()
    assert "domain.name: this domain -> Prüfstände" in told
    assert "domain.categories.Größen & Formen: nothing -> Maße" in told
    assert load_params().domain.categories == {"Größen & Formen": "Maße", "py-3.x": "Python"}
    copy.preset("laptop")
    assert load_params().domain == before


def test_a_preset_may_leave_out_phases(copy: Copy) -> None:
    copy.own("turns: {}\nrounds: {}\nevaluate: {base: {before: base}, sft: {before: base}}\n")
    copy.preset("mine")
    assert (load_params().turns, load_params().rounds) == ({}, {})
    before = (ROOT / "params.yaml").read_text().splitlines()
    after = copy.file.read_text().splitlines()
    heads = [line for line in before if line.startswith(("#", "gate:", "pairs:", "answer:"))]
    assert [line for line in after if line in heads] == heads
    copy.preset("laptop")
    assert list(load_params().rounds) == ["r1", "r2"]


def test_single_settings_are_set_and_their_neighbours_stay(copy: Copy) -> None:
    copy.own("sft: {trl: {method: lora}}\npairwise: {trl: {loss: dpo}}\n")
    copy.preset("mine")
    sft, pairwise = (load_role(role, load_params()).params for role in ("sft", "pairwise"))
    assert (sft.model_dump()["method"], sft.model_dump()["too_long"]) == ("lora", "cut")
    assert (pairwise.model_dump()["loss"], pairwise.model_dump()["anchor"]) == ("dpo", 0.5)
