"""`meteor check` names what DVC would miss in params.yaml, and says what to write."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.core.yaml12 import parse_yaml
from meteor.planning.keys import check_keys, missing_part, needs
from meteor.planning.packages import check_adapters, missing_packages
from meteor.training.settings import OPTIMIZERS, SCHEDULERS
from tests.conftest import ROOT, Project

SHIPPED: dict[str, Any] = parse_yaml((ROOT / "params.yaml").read_text())
READ = sorted({need.key for need in needs(SHIPPED)} - {"rounds.r1", "rounds.r2", "turns.t1"})
"""Every key that the pipeline reads, but for names of the user's own."""


def without(params: Any, key: str) -> dict[str, Any]:
    """A copy without a dotted key."""
    first, _, rest = key.partition(".")
    left = {name: value for name, value in params.items() if name != first or rest}
    return {**left, first: without(params[first], rest)} if rest else left


def written(folder: Path, params: dict[str, Any]) -> Path:
    """The params as a file."""
    file = folder / "params.yaml"
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    return file


def told(file: Path, pipeline: Path = ROOT / "dvc.yaml") -> str:
    """With what the file is refused."""
    with pytest.raises(SettingsError) as caught:
        check_keys(file, pipeline)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(file), file.name)


def test_what_ships_lacks_nothing() -> None:
    check_keys(ROOT / "params.yaml")
    assert {"base.local", "verifier.path", "domain.prompts", "rounds.r1.from", "judge.plugin"} <= {
        *READ
    }


@pytest.mark.parametrize("key", READ)
def test_a_key_that_is_not_there_is_named_with_what_to_write(tmp_path: Path, key: str) -> None:
    message = told(written(tmp_path, without(SHIPPED, key)))
    assert message.startswith(f"params.yaml: {key}: missing, and stage ")
    assert f"; write `{key.rpartition('.')[2]}:" in message
    assert "." not in key or f" below `{key.rpartition('.')[0]}:`" in message


@pytest.mark.parametrize("value", [None, 5, ["a"], {"a": "b"}, True])
def test_a_path_that_is_no_text_is_named(tmp_path: Path, value: Any) -> None:
    base = {**SHIPPED["base"], "local": value}
    message = told(written(tmp_path, {**SHIPPED, "base": base}))
    assert message.startswith(f"params.yaml: base.local: {value!r} is no text, and stage ingest ")
    assert message.endswith("write `local: configs/no_model.txt` below `base:`")


def test_the_keys_are_those_of_dvc_yaml_itself(tmp_path: Path) -> None:
    pipeline = tmp_path / "dvc.yaml"
    stage = "{cmd: 'echo \\${HOME} ${judge.tone}', deps: ['${ domain.extra }/a.md']}"
    rounds = "{foreach: '${rounds}', do: {cmd: 'echo ${key} ${item.taste}', params: [item]}}"
    pipeline.write_text(f"stages:\n  own: {stage}\n  more: {rounds}\n")
    message = told(written(tmp_path, SHIPPED), pipeline)
    named = re.findall(r"^  (\S+): missing, and stage (\S+) reads it", message, re.M)
    assert named == [
        *(("judge.tone", "own"), ("domain.extra", "own")),
        *(("rounds.r1.taste", "more@r1"), ("item", "more@r1"), ("rounds.r2.taste", "more@r2")),
    ]


def test_a_plugin_that_is_not_there_is_told_as_such(project: Project) -> None:
    project.set({"judge.plugin": "gpt5"})
    check_keys(project.folder / "params.yaml")
    done = project.run("python", "-m", "meteor", "check", check=False)
    assert done.returncode == 2 and "judge.plugin: there is no plugin 'gpt5'" in done.stderr


OLD = ("base.local", "base.thoughts", "teacher.local", "verifier", "domain", "distill", "cleaning")


def test_a_file_of_another_version_gets_one_message_that_mends_it(project: Project) -> None:
    params = {**SHIPPED, "check": {"pairs": 3}, "source": {**SHIPPED["source"], "path": "plugins"}}
    for key in OLD:
        params = without(params, key)
    file = written(project.folder, params)
    refused = project.run("python", "-m", "meteor", "check", check=False)
    assert refused.returncode == 2 and refused.stderr.count("error: ") == 1
    opening, *lines = refused.stderr.splitlines()
    assert "reads 7 keys that are not there or hold no text; is it a file of another" in opening
    assert lines.pop() == "  check: unknown key; take it out"
    for line in lines:
        key, text = re.findall(r"^  (\S+): missing, .*; write `(.*?)`(?: below .*)?$", line)[0]
        assert missing_part(params, key) == key
        project.set({key: parse_yaml(text)[key.rpartition(".")[2]]})
    text = yaml.safe_load(file.read_text())
    del text["check"]
    written(project.folder, text)
    assert project.run("python", "-m", "meteor", "check").returncode == 0
    assert "ingest" in project.run("dvc", "stage", "list").stdout


ADAPTERS = {"method": "lora", "checkpoint": "adapter"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"launcher": "deepspeed", "deepspeed": {"config": "configs/deepspeed/zero9.json"}},
            "deepspeed.config: there is no file configs/deepspeed/zero9.json",
        ),
        (
            {"launcher": "deepspeed", "deepspeed": {"hostfile": "hosts"}},
            "deepspeed.hostfile: there is no file hosts",
        ),
        (
            {"launcher": "accelerate", "accelerate": {"config": "a.yaml"}},
            "accelerate.config: there is no file a.yaml",
        ),
        ({"deepspeed": {"gpus": 0}}, "deepspeed.gpus: a number from 1 on, or .*, not 0$"),
        ({"accelerate": {"gpus": []}}, r"accelerate.gpus: .*, not \[\]$"),
        ({"deepspeed": {"gpus": [1, 1]}}, r"deepspeed.gpus: .*, not \[1, 1\]$"),
        ({"optimizer": "adamw_torh"}, r"optimizer: .*did you mean 'adamw_torch'\?"),
        ({"scheduler": "cosin"}, r"scheduler: .*did you mean 'cosine'\?"),
    ],
)
def test_a_training_that_cannot_begin_is_refused_before_the_first_stage(
    project: Project, settings: dict[str, Any], said: str
) -> None:
    """And not when it is its turn, after all that was paid before it."""
    project.questions(16)
    project.set({"sft.trl": settings})
    for command in (["meteor", "check"], ["stages.base", "--out", "models/base"]):
        done = project.run("python", "-m", *command, check=False)
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert re.search(f"error: params.yaml: sft.trl.{said}", done.stderr, re.M), done.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"method": "lora", "lora": {"base": "nf4"}},
            "sft.trl.lora.base: nf4 needs the package 'bi",
        ),
        ({"liger": True}, "sft.trl.liger: true needs the package 'liger_kernel'"),
        ({"attention": "flash_attention_2"}, "sft.trl.attention: flash_attention_2 needs the pack"),
        ({**ADAPTERS, "lora": {"r": 8}}, "pairwise.trl.lora: r 16 and alpha 32, and sft.trl.lora"),
        ({**ADAPTERS, "lora": {"r": 16, "alpha": 32}}, None),
    ],
)
def test_what_a_trainer_would_miss_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], said: str | None
) -> None:
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr("meteor.planning.packages.find_spec", lambda name: None)
    project.set({"sft.trl": settings, "pairwise.trl": {"max_length": 256}})
    if settings.get("checkpoint"):
        project.set({"pairwise.trl": ADAPTERS})
    params = load_params()
    try:
        check_adapters(params)
        told = "".join(missing_packages(params))
    except SettingsError as error:
        told = str(error)
    assert said in told if said else not told


def test_optimizers_and_schedules_are_those_of_transformers() -> None:
    from transformers.trainer_utils import SchedulerType
    from transformers.training_args import OptimizerNames

    assert {each.value for each in OptimizerNames} == OPTIMIZERS
    assert {each.value for each in SchedulerType} == SCHEDULERS
