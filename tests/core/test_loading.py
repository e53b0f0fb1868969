"""A plugin is loaded by its name: what does not fit fails before any work, and says where."""

import copy
import sys

import pytest

from meteor.core.errors import SettingsError
from meteor.core.params import Params
from meteor.core.roles import check_roles, plugin_names
from tests.core.house import HEAD, SHIPPED, House


@pytest.mark.parametrize(
    ("source", "what"),
    [
        pytest.param(
            "@hookimpl\ndef teacher_anwser(questions): ...", "teacher_anwser", id="misspelt hook"
        ),
        pytest.param(
            "@hookimpl\ndef teacher_answer(qestions): ...", "qestions", id="misspelt argument"
        ),
        pytest.param(
            "@hookimpl\ndef teacher_answer(): ...\n@hookimpl\ndef student_scor(): ...",
            "student_scor",
            id="misspelt hook beside the right one",
        ),
        pytest.param(
            "def teacher_answer(questions): ...", "hook teacher_answer is missing", id="not marked"
        ),
        pytest.param(
            "@hookimpl\ndef judge_score(answers): ...",
            "hook teacher_answer is missing",
            id="another role's hook",
        ),
        pytest.param("import nowhere_to_be_found", "nowhere_to_be_found", id="missing package"),
        pytest.param("def (", "SyntaxError", id="not Python"),
    ],
)
def test_a_plugin_that_does_not_fit_fails_at_load(house: House, source: str, what: str) -> None:
    house.write("teacher", "fake", HEAD + source)
    with pytest.raises(SettingsError, match=r"^teacher plugin 'fake': ") as caught:
        house.load()
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("returned", ["None", "{'model': 'small'}", "dict", "1 / 0"])
def test_settings_that_are_no_class_of_settings_fail_at_load(house: House, returned: str) -> None:
    head = HEAD.replace("return Fake", f"return {returned}")
    house.write("teacher", "fake", head + "@hookimpl\ndef teacher_answer(questions): ...")
    with pytest.raises(SettingsError, match="teacher plugin 'fake': plugin_params"):
        house.load()


def test_the_annotation_of_a_hook_says_what_the_settings_are(house: House) -> None:
    head = HEAD.replace("@hookimpl", "")
    for told, given in (("params: Fake", "Fake"), ("questions", "Settings")):
        house.write("teacher", "fake", head + f"@hookimpl\ndef teacher_answer({told}): ...")
        sys.modules.pop("plugins.teacher.fake", None)
        assert type(house.load().params).__name__ == given


@pytest.mark.parametrize("params", ["params", "params: dict", "params: int"])
def test_settings_that_nothing_tells_of_fail_at_load(house: House, params: str) -> None:
    head = HEAD.replace("@hookimpl", "")
    house.write("teacher", "fake", head + f"@hookimpl\ndef teacher_answer({params}): ...")
    with pytest.raises(SettingsError, match=r"'fake': what are its settings.*plugin_params"):
        house.load()


def test_an_unknown_name_lists_the_candidates(house: House) -> None:
    for name in ("fake", "another", "_hidden", "__init__"):
        house.write("teacher", name, "raise RuntimeError('imported although not chosen')")
    house.write("judge", "elsewhere", "")
    for wrong in ("fakee", "__init__", "_hidden", "../judge/elsewhere", ""):
        with pytest.raises(SettingsError) as caught:
            house.load(name=wrong)
        assert str(caught.value) == (
            f"params.yaml: teacher.plugin: there is no plugin {wrong!r} (there are: another, fake)"
        )
    assert plugin_names("teacher") == ["another", "fake"]


def test_a_role_without_plugins_says_so(house: House) -> None:
    with pytest.raises(SettingsError, match=r"there is no plugin 'fake' \(there are: none\)"):
        house.load()


def test_a_typo_in_the_settings_of_the_chosen_plugin_is_named(house: House) -> None:
    house.write("teacher", "broken", "raise RuntimeError('imported although not chosen')")
    house.teacher("yield from map(done, 'abc')")
    with pytest.raises(SettingsError) as caught:
        house.load(modle="large")
    assert str(caught.value) == (
        "params.yaml: teacher.fake.modle: unknown key (did you mean 'model'?)"
    )


def test_an_optional_hook_may_be_left_out(house: House) -> None:
    generate = "@hookimpl\ndef student_generate(prompts): ...\n"
    house.write("student", "plain", HEAD + generate)
    house.write("student", "full", HEAD + generate + "@hookimpl\ndef student_score(examples): ...")
    assert not house.load("student", "plain").has("student_score")
    assert house.load("student", "full").has("student_score")


@pytest.mark.parametrize("role", ["judge", "pairwise", "source"])
def test_a_wrong_setting_of_any_role_is_found_before_any_work(role: str) -> None:
    raw = copy.deepcopy(SHIPPED)
    raw[role][raw[role]["plugin"]] = {"nonsense": 1}
    with pytest.raises(SettingsError, match=rf"params\.yaml: {role}\.\w+\.nonsense: unknown key"):
        check_roles(Params.model_validate(raw))
