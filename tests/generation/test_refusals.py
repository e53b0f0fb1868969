"""Ways of decoding that a student cannot write in are refused before any work."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.errors import SettingsError
from meteor.core.params import Params, load_params
from meteor.core.records import Completion
from meteor.core.roles import check_roles
from meteor.core.settings import Decoding
from plugins.student import chat_api, vllm
from plugins.teacher import vllm as teacher
from tests.conftest import ROOT, Project
from tests.generation.asking_vllm import ASKED, write

PLAIN: dict[str, Any] = {"strategy": "sample"}


@pytest.fixture
def params(tmp_path: Path) -> Any:
    """The shipped params, with these changes."""

    def changed(plugin: str, **changes: Any) -> Params:
        told = yaml.safe_load((ROOT / "params.yaml").read_text())
        told["student"]["plugin"] = plugin
        told["pairs"] |= {"chosen": PLAIN, "rejected": {"strategy": "greedy"}}
        told["explore"]["strategies"] = {}
        for key, value in changes.items():
            section, _, name = key.partition("__")
            told[section] = {**told[section], name: value} if name else value
        file = tmp_path / "params.yaml"
        file.write_text(yaml.safe_dump(told))
        return load_params(file)

    return changed


@pytest.mark.parametrize("plugin", ["vllm", "chat_api"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pairs__chosen": {"strategy": "beam"}}, "pairs.chosen"),
        ({"pairs__rejected": {"no_repeat_ngram": 4}}, r"pairs.rejected.*\(no_repeat_ngram\)"),
        ({"explore__strategies": {"b": {"strategy": "beam"}}}, "explore.strategies.b"),
        ({"iterate__decoding": {"no_repeat_ngram": 3}}, "iterate.decoding"),
        ({"iterate__drafts": 2, "iterate__sampling": {"no_repeat_ngram": 3}}, "iterate.sampling"),
        ({"verifier__plugin": "exact", "gate__decoding": {"strategy": "beam"}}, "gate.decoding"),
        ({"guideline__decoding": {"strategy": "beam"}}, "guideline.decoding"),
        ({"answer__decoding": {"strategy": "beam"}}, "answer.decoding"),
    ],
)
def test_what_the_student_cannot_do_is_refused_with_its_key(
    params: Any, plugin: str, changes: dict[str, Any], said: str
) -> None:
    what = rf"params.yaml: {said}.*transformers"
    with pytest.raises(SettingsError, match=what):
        check_roles(params(plugin, **changes))
    check_roles(params("transformers", **changes))


def test_what_is_never_asked_for_is_not_refused(params: Any) -> None:
    beam = {"strategy": "beam"}
    check_roles(params("vllm"))
    unasked = {"turns": {}, "pairs__chosen": beam, "iterate__sampling": {"no_repeat_ngram": 3}}
    last = {"evaluate": {"base": {"before": "base"}}}
    check_roles(params("vllm", **unasked, **last))


def test_vllm_chooses_by_likelihoods_before_a_penalty(params: Any) -> None:
    best = {"strategy": "best_of", "repetition_penalty": 1.1}
    with pytest.raises(SettingsError, match=r"pairs.chosen.*before the penalty.*best_of"):
        check_roles(params("vllm", pairs__chosen=best))
    check_roles(params("vllm", pairs__chosen={**best, "repetition_penalty": 1.0}))
    check_roles(params("vllm", pairs__chosen={**best, "strategy": "mbr"}))


def test_a_teacher_that_would_search_by_beams_is_refused() -> None:
    with pytest.raises(ValueError, match="decoding: vLLM's beam search"):
        teacher.Vllm(model=Path("there"), decoding=Decoding(strategy="beam"))


@pytest.mark.parametrize("engine", [{"seed": 1}, {"data_parallel_size": 2}, {"enable_lora": True}])
def test_what_the_plugin_sets_itself_is_refused(engine: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(engine))):
        vllm.Vllm(engine=engine)


def test_a_refused_decoding_is_never_written(tiny_checkpoint: Path) -> None:
    """Also where no stage has looked at the settings."""
    beam = Decoding(strategy="beam")
    with pytest.raises(SettingsError, match="beam"):
        write(tiny_checkpoint, beam)
    endpoint = chat_api.ChatApi(base_url="http://127.0.0.1:9/v1", model="student")
    with pytest.raises(SettingsError, match="beam"):
        list[Completion | object](
            chat_api.student_generate(ASKED, tiny_checkpoint, beam, endpoint, 7)
        )


NEEDY = """
from typing import ClassVar

from meteor.core.hookspecs import hookimpl
from meteor.core.settings import Settings


class Needy(Settings):
    needs: ClassVar[str] = "no_such_package"


@hookimpl
def student_generate(prompts, checkpoint, decoding, params: Needy, seed):
    yield from ()
"""


def test_a_package_that_is_missing_is_named_with_its_remedy(project: Project) -> None:
    project.questions(2)
    project.plugin("student", "needy", NEEDY)
    project.set({"student.plugin": "needy", "student.needy": {}})
    done = project.run(sys.executable, "-m", "meteor", "check", check=False)
    assert done.returncode == 2
    assert "student plugin 'needy' needs the package 'no_such_package'" in done.stderr
    assert "meteor-pipeline[no_such_package]" in done.stderr


def test_without_vllm_the_engine_says_how_to_install_it(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(SettingsError, match=r"meteor-pipeline\[vllm\]"):
        write(tiny_checkpoint)
