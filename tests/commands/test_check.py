"""`meteor check` names what DVC would miss in params.yaml, and says what to write."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.errors import SettingsError
from meteor.core.yaml12 import parse_yaml
from meteor.planning.keys import check_keys, missing_part, needs
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
