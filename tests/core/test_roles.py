"""One plugin a role, chosen by name; whatever is wrong with it, the error names role and plugin."""

import copy
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import yaml

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import Params
from meteor.core.records import Advice, Completion, Draft, Failed, Question
from meteor.core.roles import Plugin, check_roles, load_role, plugin_names
from tests.conftest import ROOT

HEAD = """
from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import *
from meteor.core.settings import Field, Settings

class Fake(Settings):
    model: str = "small"

@hookimpl
def plugin_params():
    return Fake

def done(id, text="an answer"):
    return Completion(id=id, text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=2)
"""
SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
QUESTIONS = [Question(id=name, title=f"What is {name}?") for name in ("a", "b", "c")]
ARGUMENTS: dict[str, Any] = {"prompts": [], "questions": QUESTIONS, "seed": 7}


class House:
    """A project's folder with the plugins that a test writes, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "plugins").mkdir()
        (folder / "plugins/__init__.py").touch()

    def write(self, role: str, name: str, source: str) -> None:
        """Write a plugin's file."""
        (self.folder / "plugins" / role).mkdir(exist_ok=True)
        (self.folder / "plugins" / role / f"{name}.py").write_text(source)
        importlib.invalidate_caches()

    def teacher(
        self, body: str, arguments: str = "questions", hook: str = "teacher_answer"
    ) -> None:
        """Write the teacher `fake` with the body of its hook."""
        function = f"@hookimpl\ndef {hook}({arguments}):\n{indent(dedent(body), '    ')}\n"
        self.write("teacher", "fake", HEAD + function)

    def load(self, role: str = "teacher", name: str = "fake", **settings: Any) -> Plugin:
        """Load a plugin with these settings."""
        return load_role(
            role, Params.model_validate({**SHIPPED, role: {"plugin": name, name: settings}})
        )

    def ask(self) -> list[Completion | Failed]:
        """Ask the teacher `fake` about a, b and c."""
        return [result for _, result in self.iterate()]

    def iterate(self) -> Iterator[tuple[Question, Completion | Failed]]:
        """Ask the teacher `fake` about a, b and c, one after the other."""
        return self.load().rows("teacher_answer", QUESTIONS, Completion, **ARGUMENTS)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Plugins come from a folder of the test's own, and are forgotten afterwards."""

    def forget() -> dict[str, Any]:
        names = [name for name in sys.modules if name.partition(".")[0] == "plugins"]
        return {name: sys.modules.pop(name) for name in names}

    before = forget()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield House(tmp_path)
    forget()
    sys.modules.update(before)


def test_a_plugin_takes_the_arguments_that_it_needs_and_its_own_settings(house: House) -> None:
    house.teacher(
        "yield from (done(q.id, f'{params.model} {seed}') for q in questions)",
        "questions, params, seed",
    )
    loaded = house.load(model="large")
    rows = list(loaded.rows("teacher_answer", QUESTIONS, Completion, **ARGUMENTS))
    assert [(row.id, result.id) for row, result in rows] == [("a", "a"), ("b", "b"), ("c", "c")]
    assert {result.text for _, result in rows if isinstance(result, Completion)} == {"large 7"}


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_results_come_in_the_order_asked_whatever_finished_first(house: House, order: str) -> None:
    house.teacher(f"yield from (done(id, f'of {{id}}') for id in {order!r})")
    rows = [(row.id, result.id, getattr(result, "text", "")) for row, result in house.iterate()]
    assert rows == [("a", "a", "of a"), ("b", "b", "of b"), ("c", "c", "of c")]


def test_progress_sees_results_as_they_arrive(house: House) -> None:
    house.teacher("yield from map(done, 'cab')")
    seen: list[str] = []

    def watch(results: Iterator[Any]) -> Iterator[Any]:
        for result in results:
            seen.append(result.id)
            yield result

    rows = house.load().rows("teacher_answer", QUESTIONS, Completion, watch, **ARGUMENTS)
    assert next(rows)[0].id == "a"
    assert seen == ["c", "a"]
    assert [row.id for row, _ in rows] == ["b", "c"]
    assert seen == ["c", "a", "b"]


def test_a_failure_takes_no_other_row_along(house: House) -> None:
    """Faults 4 and 6: a failed call is neither dropped nor answered with the row before."""
    house.teacher("yield from [done('a'), Failed(id='b', error='429: slow down'), done('c')]")
    assert house.ask()[1] == Failed(id="b", error="429: slow down")
    assert [type(result) for result in house.ask()] == [Completion, Failed, Completion]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param("yield from map(done, 'abz')", "answered for 'z'", id="foreign id"),
        pytest.param("yield from map(done, 'abcz')", "answered for 'z'", id="foreign id, late"),
        pytest.param("yield Failed(id='z', error='no')", "answered for 'z'", id="foreign failure"),
        pytest.param("yield from map(done, 'aab')", "answered twice for 'a'", id="id twice"),
        pytest.param("yield from map(done, 'abca')", "answered twice for 'a'", id="id twice, late"),
        pytest.param("yield from map(done, 'a')", "no answer for 2 rows, first 'b'", id="missing"),
        pytest.param(
            "yield from map(done, 'bc')", "no answer for 1 rows, first 'a'", id="no first"
        ),
        pytest.param("yield from ()", "no answer for 3 rows, first 'a'", id="nothing at all"),
        pytest.param("yield Advice(id='a', correct=True)", "gave a Advice", id="wrong record"),
        pytest.param("yield 'an answer'", "gave a str where a Completion is due", id="text"),
        pytest.param(
            "yield done('b')\nyield None",
            "gave a NoneType where a Completion is due (after the row 'b')",
            id="None for a row",
        ),
        pytest.param("return None", "returned nothing", id="None for all"),
        pytest.param("return 5", "TypeError: 'int' object is not iterable", id="not a list"),
        pytest.param("raise OSError('no line')", "raised OSError: no line", id="an error at once"),
        pytest.param(
            "yield done('a')\nraise KeyError('choices')",
            "raised KeyError: 'choices' (after the row 'a')",
            id="an error in the middle",
        ),
        pytest.param("yield done('a', text=None)", "raised ValidationError", id="wrong field"),
    ],
)
def test_an_error_names_role_plugin_and_hook(house: House, body: str, what: str) -> None:
    house.teacher(body)
    with pytest.raises(MeteorError) as caught:
        house.ask()
    assert str(caught.value).startswith("teacher plugin 'fake': teacher_answer ")
    assert what in str(caught.value)
    assert caught.value.exit_code == 1


def test_what_was_answered_before_an_error_is_handed_on(house: House) -> None:
    house.teacher("yield done('b')\nyield done('a')\nraise OSError('no line')")
    rows = house.iterate()
    assert [next(rows)[0].id, next(rows)[0].id] == ["a", "b"]
    with pytest.raises(MeteorError, match="no line"):
        next(rows)


def test_a_clear_error_of_a_plugin_stays_as_it_is(house: House) -> None:
    house.teacher("yield done('a')\nraise MeteorError('the budget of 5 EUR is spent')")
    with pytest.raises(MeteorError, match=r"^the budget of 5 EUR is spent$"):
        house.ask()


def test_an_id_is_asked_about_once(house: House) -> None:
    house.teacher("yield from (done(q.id) for q in questions)")
    with pytest.raises(MeteorError, match=r"teacher plugin 'fake': .*asked about an id twice"):
        list(house.load().rows("teacher_answer", [*QUESTIONS, QUESTIONS[0]], Completion))


VERDICT = """
@hookimpl
def advisor_advise(drafts):
    for draft in drafts:
        yield Advice(id=draft.id, correct=draft.text, advice="")
"""


@pytest.mark.parametrize("verdict", ["Not Correct", "The answer is correct.", "Correct", ""])
def test_free_text_is_no_verdict(house: House, verdict: str) -> None:
    """Fault 6: a substring decided, so "Not Correct" was accepted."""
    house.write("advisor", "fake", HEAD + VERDICT)
    drafts = [Draft(id="a", question=QUESTIONS[0], text=verdict)]
    with pytest.raises(MeteorError, match=r"(?s)advisor plugin 'fake': advisor_advise .*correct"):
        list(house.load("advisor").rows("advisor_advise", drafts, Advice, drafts=drafts))


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


def test_a_plugin_without_settings_of_its_own_fails_at_load(house: House) -> None:
    head = HEAD.replace("@hookimpl", "")
    house.write("teacher", "fake", head + "@hookimpl\ndef teacher_answer(questions): ...")
    with pytest.raises(SettingsError, match="'fake': the hook plugin_params is missing"):
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
