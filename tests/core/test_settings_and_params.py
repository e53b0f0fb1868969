"""All of params.yaml is checked, and an error names the file, the key and the likely key."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from meteor.core.errors import SettingsError
from meteor.core.params import Params, load_params
from meteor.core.roles import check_roles
from tests.conftest import ROOT

SHIPPED: dict[str, Any] = {
    **yaml.safe_load((ROOT / "params.yaml").read_text()),
    "teacher": {"plugin": "accepted_answer", "accepted_answer": {}},
    "rounds": {"r1": {"from": "sft"}, "r2": {"from": "r1"}},
    "turns": {"t1": {"from": "r2", "against": "r2"}},
    "evaluate": {
        "base": {"before": "base"},
        "sft": {"before": "base"},
        "r2": {"before": "sft"},
        "t1": {"before": "r2"},
    },
}
"""What the user has, with the parts that the tests change."""
GONE = object()
BEFORE = {"before": "base"}


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The shipped parameters with some dotted keys set, or taken out where the value is GONE."""
    params = copy.deepcopy(SHIPPED)
    for key, value in changes.items():
        *above, last = key.split(".")
        section = params
        for name in above:
            section = section[name]
        if value is GONE:
            del section[last]
        else:
            section[last] = value
    return params


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load the shipped params.yaml with changes, from the folder that it stands in."""
    monkeypatch.chdir(tmp_path)

    def load(**changes: Any) -> Params:
        Path("params.yaml").write_text(yaml.safe_dump(changed(changes)))
        return load_params()

    return load


def test_the_shipped_settings_are_valid_and_their_plugins_load() -> None:
    check_roles(load_params())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"iterate.max_iteration": 3},
            "iterate.max_iteration: unknown key (did you mean 'max_iterations'?)",
            id="one letter missing",
        ),
        pytest.param(
            {"sede": 7}, "sede: unknown key (did you mean 'seed'?)", id="at the top of the file"
        ),
        pytest.param(
            {"pairs.chosen.num_beans": 4},
            "pairs.chosen.num_beans: unknown key (did you mean 'num_beams'?)",
            id="two levels down",
        ),
        pytest.param(
            {"rounds.r1.frm": "sft"},
            "rounds.r1.frm: unknown key (did you mean 'from'?)",
            id="in one of many, with the name that the file uses",
        ),
        pytest.param(
            {"finetune.schedule.learningrate": 1e-4, "finetune.schedule.learning_rate": GONE},
            "finetune.schedule.learningrate: unknown key (did you mean 'learning_rate'?)",
            id="a key that must be there",
        ),
        pytest.param({"colour": "blue"}, "colour: unknown key", id="like no other"),
    ],
)
def test_an_unknown_key_is_named_with_its_nearest(
    load: Any, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**changes)
    assert str(caught.value) == f"params.yaml: {message}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("seed", "seven", "got 'seven'"),
        ("seed", -1, "got -1"),
        ("max_failed_fraction", 1.5, "got 1.5"),
        ("max_failed_fraction", float("nan"), "got nan"),
        ("answer.decoding.strategy", "beams", "or 'mbr', got 'beams'"),
        ("answer.decoding.temperature", 0, "got 0"),
        ("iterate.finetune_interval", 0, "got 0"),
        ("iterate.questions", 0, "got 0"),
        ("pairs.rejected.num_beams", 1, "got 1"),
        ("selftrain.schedule.epochs", float("inf"), "got inf"),
        ("split.test", 1.0, "got 1.0"),
        ("evaluate", {}, "got {}"),
        ("rounds.r1.from", "../sft", "got '../sft'"),
        ("split", GONE, "missing"),
        ("iterate.schedule.learning_rate", GONE, "missing"),
        ("teacher.plugin", GONE, "missing"),
        ("source.path", GONE, "missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(load: Any, key: str, value: Any, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{key: value})
    assert str(caught.value).startswith(f"params.yaml: {key}: ")
    assert str(caught.value).endswith(shown)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"split.test": 0.9, "split.dev": 0.1}, ["split", "0.9", "0.1", "nothing to train on"]),
        ({"rounds.r1.from": "nowhere"}, ["rounds.r1.from", "'nowhere'"]),
        ({"turns.t1.from": "r9"}, ["turns.t1.from", "'r9'"]),
        ({"turns.t1.against": "r9"}, ["turns.t1.against", "'r9'"]),
        ({"evaluate": {"base": BEFORE, "r9": BEFORE}}, ["evaluate", "'r9'"]),
        ({"evaluate": {"sft": {"before": "sft"}}}, ["evaluate", "'base'"]),
        ({"evaluate": {"base": BEFORE, "t1": {"before": "r2"}}}, ["evaluate.t1.before", "'r2'"]),
        (
            {"evaluate": {"base": BEFORE, "sft": {"before": "sft"}}},
            ["evaluate.sft.before", "itself"],
        ),
        ({"turns.r2": {"from": "r1", "against": "r1"}}, ["turns.r2", "already"]),
        ({"rounds.base": {"from": "sft"}}, ["rounds.base", "already"]),
        ({"rounds.r1.from": "r2"}, ["r1", "r2", "from itself"]),
        ({"rounds.r1.from": "r1"}, ["r1", "from itself"]),
        ({"revisers": {"v1": {"from": "nowhere"}}}, ["revisers.v1.from", "'nowhere'"]),
        ({"revisers": {"r1": {"from": "sft"}}}, ["rounds.r1", "already"]),
        ({"revisers": {"v1": {"from": "r1"}}, "rounds.r1.from": "v1"}, ["v1", "from itself"]),
        ({"rounds.r1.among": "untaught"}, ["rounds.r1.among", "distill.questions: null"]),
        ({"turns.t1.among": "unasked"}, ["turns.t1.among", "distill.questions: null"]),
        (
            {"turns.t1.among": "unasked", "distill.questions": 9, "iterate.questions": None},
            ["turns.t1.among", "r1 asks all", "iterate.set_aside, or iterate.questions"],
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    load: Any, changes: dict[str, Any], parts: list[str]
) -> None:
    """Fault 8 among them: two models of one name would answer into one file."""
    with pytest.raises(SettingsError, match=r"^params\.yaml: ") as caught:
        load(**changes)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"turns.t1.among": "unasked", "iterate.questions": None, "iterate.set_aside": 0.2},
        {"turns.t1.among": "unasked", "iterate.questions": 40},
        {"rounds.r1.among": "unasked", "iterate.questions": None},
        {"rounds.r1.among": "untaught", "distill.questions": None, "max_failed_fraction": 0.1},
    ],
)
def test_settings_that_leave_questions_are_taken(load: Any, changes: dict[str, Any]) -> None:
    load(**{"distill.questions": 9, **changes})


def test_a_checkpoint_knows_what_it_was_trained_from(load: Any) -> None:
    params = load(**{"turns.t2": {"from": "t1", "against": "r2"}, "rounds.side": {"from": "base"}})
    assert params.lineage("t2") == ["base", "sft", "r1", "r2", "t1", "t2"]
    assert params.lineage("side") == ["base", "side"]
    assert params.lineage("base") == ["base"]
    revising = load(**{"revisers": {"v1": {"from": "sft"}}, "rounds.r1.from": "v1"})
    assert revising.lineage("r2") == ["base", "sft", "v1", "r1", "r2"]
    assert {"revise.decoding", "revise.sampling"} <= dict(revising.decodings()).keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            b"seed: 7\nsplit: {test: 0.2\n",
            'not valid YAML: .* in "params.yaml", line 3, column 1$',
            id="YAML",
        ),
        pytest.param(
            b"seed: 7\napi: {prices: {x: {date: 2026-13-01}}}\n",
            "not valid YAML: '2026-13-01' is no value: month .* in \"params.yaml\", line 2",
            id="a month that is none",
        ),
        pytest.param(
            b"seed: !!bool maybe\n", "not valid YAML: 'maybe' is no value: .* line 1", id="a tag"
        ),
        pytest.param(b"seed: \xff\n", "not valid YAML", id="encoding"),
        pytest.param(b"", "split: missing", id="empty"),
        pytest.param(b"- seed\n", r"keys with their values are due, got \['seed'\]$", id="a list"),
        pytest.param(b"seed\n", "keys with their values are due, got 'seed'$", id="a word"),
    ],
)
def test_a_file_that_is_no_settings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes(content)
    with pytest.raises(SettingsError, match=rf"^params\.yaml: {message}") as caught:
        load_params()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pairs.min_agreement": 0.5}, "pairs.min_agreement: nobody votes; "),
        ({"evaluate.r9": {"before": "base"}}, "evaluate: there is no checkpoint 'r9'"),
        ({"evaluate": ["base"]}, "evaluate: keys with their values are due, got ['base']"),
        ({"evaluate.r 9": {"before": "base"}}, "evaluate.r 9: String should match pattern "),
        ({"gate.decoding.strategy": "sample"}, "gate.decoding.strategy: 'sample' draws; "),
        ({"compute": {"gpus": 1.5}}, "compute.gpus: a whole number above 1, not 1.5"),
        ({"compute": "ray"}, "compute: keys with their values are due, got 'ray'"),
        ({"split.test": 0.6, "split.dev": 0.6}, "split: test 0.6 and dev 0.6 leave nothing"),
    ],
)
def test_a_wrong_value_is_named_by_its_whole_key_and_no_more(
    load: Any, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check_roles(load(**changes))
    assert str(caught.value).startswith(f"params.yaml: {message}")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read"):
        load_params(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("settings", [None, {}, {"modle": ["anything"], "and": {"more": 1}}])
def test_settings_of_a_plugin_not_chosen_are_not_looked_into(load: Any, settings: Any) -> None:
    params = load(**{"teacher.of_tomorrow": settings})
    assert params.teacher.plugin == "accepted_answer"
    assert params.teacher.chosen == {}


@pytest.mark.parametrize("settings", ["gpt", 5, ["gpt"], False])
def test_settings_of_a_plugin_not_chosen_are_a_mapping(load: Any, settings: Any) -> None:
    with pytest.raises(SettingsError, match=r"^params\.yaml: teacher: of_tomorrow: .*mapping"):
        load(**{"teacher.of_tomorrow": settings})


def test_settings_are_frozen(load: Any) -> None:
    params = load()
    with pytest.raises(ValidationError, match="frozen"):
        params.seed = 8
    with pytest.raises(ValidationError, match="frozen"):
        params.answer.decoding.strategy = "beam"
