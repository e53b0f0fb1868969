"""The rules of the house: what dvc.yaml tracks, who imports whom, where paths stand."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from meteor.core.hookspecs import ROLES
from meteor.core.params import PARAMS_FILE, Params, load_params
from meteor.core.roles import plugin_settings
from meteor.core.settings import Settings, parse_settings
from meteor.planning.stages import PLANS
from tests.conftest import ROOT
from tests.imports import MODULES, imported, of_meteor, tree
from tests.wording import roles_of, templates_of, words_of

FROM_PARAMS = ("${source.path}", "${verifier.path}", "${control.labelled}")
"""Paths that a user writes: a stage reads them in the params, never on its command line."""
HEAVY = {"torch", "transformers", "trl", "peft", "datasets", "deepspeed", "ray", "vllm"}
ARTIFACTS = ("data/", "models/", "metrics/")
MARKS = "data/verifier/"
"""What advice, verdicts and pairs owe to the verifier: the stage `verifier`."""
HOLD_PARAMS = {"core", "running", "commands", "planning", "testing.py"}
TESTS = sorted(file.relative_to(ROOT) for file in (ROOT / "tests").rglob("*.py"))
PLUGINS = [
    (file.parts[1], file.stem)
    for file in MODULES
    if file.match("plugins/*/*.py") and file.name != "__init__.py" and file.parts[1] in ROLES
]
DVC: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
STAGES: dict[str, dict[str, Any]] = {
    name: stage.get("do", stage) for name, stage in DVC["stages"].items()
}


def params_of(file: Path) -> set[str]:
    """What a stage reads of params.yaml: `params.<key>`, and roles; a tally reads one key more."""
    nodes = list(ast.walk(tree(file)))
    read = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and (
            (isinstance(node.value, ast.Name) and node.value.id == "params")
            or (isinstance(node.value, ast.Attribute) and node.value.attr == "params")
        )
    }
    for node in nodes:  # of a section by names, only what stands under the stage's own
        if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "name":
            section = ast.unparse(node.value).removeprefix("params.")
            if (above := section.split(".")[0]) in read:
                read = read - {above} | {f"{section}.${{key}}"}
    if any(isinstance(node, ast.Attribute) and node.attr == "tally" for node in nodes):
        read.add("max_failed_fraction")
    read |= {
        f"{node.value.attr}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in ROLES
        and f"${{{node.value.attr}.{node.attr}}}" not in FROM_PARAMS
    }
    named = read & set(ROLES)  # of a role whose plugin is not loaded, the settings may be read
    for role in roles_of(file):
        read |= {"domain"} if words_of(role) else set()
    for role in named | roles_of(file):
        read |= {f"{role}.plugin", f"{role}.${{{role}.plugin}}"}
    return read - named


def difference(stage: str, key: str, listed: set[str], needed: set[str]) -> str:
    """What to change in dvc.yaml, line by line; empty where nothing is to be changed."""
    add = "".join(f"\n  add to {key}:       - {line}" for line in sorted(needed - listed))
    remove = "".join(f"\n  remove from {key}:  - {line}" for line in sorted(listed - needed))
    return f"dvc.yaml, stage {stage}:{add}{remove}" if add or remove else ""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_tracks_the_code_that_it_runs(stage: str) -> None:
    file = Path("stages") / f"{stage}.py"
    needed = {str(file), *of_meteor(file)}
    for role in roles_of(file):
        needed.add(f"plugins/{role}/${{{role}.plugin}}.py")
        for _, name in (plugin for plugin in PLUGINS if plugin[0] == role):
            needed |= of_meteor(Path("plugins") / role / f"{name}.py")
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith(("stages", "meteor", "plug"))}
    assert not (wrong := difference(stage, "deps", listed, needed)), wrong


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_tracks_the_templates_that_it_uses_and_no_other(stage: str) -> None:
    kinds = templates_of(Path("stages") / f"{stage}.py")
    needed = {f"${{domain.prompts}}/{kind}.md" for kind in kinds}
    needed |= {"${domain.about}"} if kinds else set()
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith("${domain.")}
    assert not (wrong := difference(stage, "deps", listed, needed)), wrong


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_tracks_the_params_that_it_reads(stage: str) -> None:
    needed = params_of(Path("stages") / f"{stage}.py")
    listed = set(STAGES[stage].get("params", []))
    assert not (wrong := difference(stage, "params", listed, needed)), wrong


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_tracks_the_files_that_its_command_names(stage: str) -> None:
    words = STAGES[stage]["cmd"].split()
    assert words[:3] == ["python", "-m", f"stages.{stage}"]
    named = {word for word in words if word.startswith(ARTIFACTS)}
    used = roles_of(Path("stages") / f"{stage}.py") & {"base", "teacher"}
    named |= {f"${{{role}.local}}" for role in used}
    written = {
        path
        for key in ("outs", "metrics", "plots")
        for out in STAGES[stage].get(key, [])
        for path in ([out] if isinstance(out, str) else out)
    }
    code = ("stages", "meteor", "plug", "configs", "${domain.", *FROM_PARAMS, MARKS)
    read = {dep for dep in STAGES[stage]["deps"] if not dep.startswith(code)}
    if any(dep.startswith("models/${") for dep in read):
        named.add("models/base")  # an adapter lies over it
    assert not (wrong := difference(stage, "deps or outs", read | written, named)), wrong


def test_no_command_holds_a_text_of_the_users() -> None:
    """A shell would read it: `$(…)`, a space, a quote. Names of checkpoints are no such texts."""
    names = re.compile(r"\$\{(key|item\.(from|against|before|of))\}")
    assert not [name for name, stage in STAGES.items() if "${" in names.sub("", stage["cmd"])]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_trains_tracks_the_settings_of_launchers(stage: str) -> None:
    trains = bool({"sft", "pairwise"} & roles_of(Path("stages") / f"{stage}.py"))
    for folder in ("configs/accelerate", "configs/deepspeed"):
        assert (folder in STAGES[stage]["deps"]) is trains


def test_folders_that_a_stage_reads_whole_get_no_gitignore_of_dvcs() -> None:
    """Else they are there in a fresh clone, without what they hold, and DVC takes them for
    changed.
    """
    cached = {out for stage in STAGES.values() for out in stage.get("outs", [])}
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for name, stage in STAGES.items():
        for dep in stage["deps"]:
            if any(str(out).startswith(f"{dep}/") for out in cached):
                assert f"/{dep}/" in ignored, f"add /{dep}/ to .gitignore: {name} reads it whole"


def test_every_stage_has_a_file_and_every_file_a_stage() -> None:
    files = {file.stem for file in MODULES if file.parts[0] == "stages"} - {"__init__"}
    assert files == set(STAGES)


def test_packages_hold_nothing_that_a_stage_would_have_to_track() -> None:
    for file in MODULES:
        if file.name == "__init__.py":
            assert all(isinstance(node, ast.Expr) for node in tree(file).body), file


@pytest.mark.parametrize("file", MODULES, ids=str)
def test_the_arrows(file: Path) -> None:
    """Stages and plugins import meteor; plugins no plugin and no stage; meteor none of them."""
    rooms = {name.split(".")[0] for name in imported(ast.walk(tree(file)))}
    assert not rooms & {"stages", "plugins", "tests"}


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: all but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from at_import(child)


@pytest.mark.parametrize("file", MODULES, ids=str)
def test_heavy_packages_are_imported_inside_functions(file: Path) -> None:
    assert not {name.split(".")[0] for name in imported(at_import(tree(file)))} & HEAVY


def test_the_command_line_imports_nothing_heavy() -> None:
    script = f"""
import sys
sys.argv = ["meteor", "--help"]
from meteor.__main__ import main
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
print(sorted({HEAVY} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "usage: meteor" in done.stdout


@pytest.mark.parametrize("file", [*MODULES, *TESTS], ids=str)
def test_no_module_is_longer_than_300_lines(file: Path) -> None:
    assert len((ROOT / file).read_text().splitlines()) <= 300


@pytest.mark.parametrize("file", MODULES, ids=str)
def test_paths_of_artifacts_stand_in_dvc_yaml_alone(file: Path) -> None:
    texts = {
        node.value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    docstrings = {
        node.value.value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    assert not [text for text in texts - docstrings if any(path in text for path in ARTIFACTS)]
    folders = {
        node.args[0].value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Path" and node.args
        if isinstance(node.args[0], ast.Constant)
    }
    assert not folders & {path.rstrip("/") for path in ARTIFACTS}


def test_every_key_of_params_yaml_is_known() -> None:
    """Also the settings of plugins that are not chosen, which no stage ever reads."""
    params = load_params(ROOT / PARAMS_FILE)
    for role in ROLES:
        for name, settings in (getattr(params, role).model_extra or {}).items():
            parse_settings(plugin_settings(role, name), settings, PARAMS_FILE, f"{role}.{name}")


def undocumented(kind: type[BaseModel], where: str) -> Iterator[str]:
    """The settings without a description, those inside other settings too."""
    for name, field in kind.model_fields.items():
        if not field.description:
            yield f"{where}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from undocumented(field.annotation, f"{where}.{name}")


@pytest.mark.parametrize(("role", "name"), PLUGINS)
def test_every_setting_of_a_plugin_has_a_description(role: str, name: str) -> None:
    settings: type[Settings] = plugin_settings(role, name)
    assert settings.__doc__ and settings.__doc__ != Settings.__doc__
    assert list(undocumented(settings, f"{role}.{name}")) == []


def test_every_section_of_params_yaml_has_a_description() -> None:
    for name, field in Params.model_fields.items():
        kind = field.annotation
        documented = isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__doc__
        assert field.description or documented, name


def test_every_stage_that_may_ask_an_endpoint_is_foretold() -> None:
    """Else `meteor estimate` would leave its calls out, silently."""
    asked = {role for role, name in PLUGINS if name == "chat_api"}
    scoring_only = {"reteach", "selftrain", "general"}  # they weigh answers, which no endpoint does
    asking = {stage for stage in STAGES if roles_of(Path("stages") / f"{stage}.py") & asked}
    assert asking - scoring_only == set(PLANS), "meteor/planning: a function of the stage's name"


@pytest.mark.parametrize("file", MODULES, ids=str)
def test_settings_are_passed_on_by_what_is_needed(file: Path) -> None:
    """All of `Params` in a helper could be read unseen by the test of what stages track."""
    if file.parts[0] == "meteor" and file.parts[1] not in HOLD_PARAMS:
        assert "meteor.core.params.Params" not in imported(ast.walk(tree(file)))
