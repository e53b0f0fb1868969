"""Observers hear what happens, side by side; a bad one disturbs nobody."""

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meteor.core.errors import SettingsError
from meteor.core.params import Params, load_params
from meteor.running import observers
from meteor.running.context import Context, working
from meteor.running.observers import observing, summarised, tell_checkpoint, tell_workers, track
from meteor.running.processes import lives
from tests.conftest import ROOT, Project
from tests.pipeline import fakes

EVENTS = """
import json
from pathlib import Path
from meteor.running.observers import hookimpl

def tell(**event):
    with open("events", "a") as file:
        file.write(json.dumps(event, default=str) + "\\n")

@hookimpl
def run_started(run): tell(event="run", run=run)
@hookimpl
def stage_started(stage, params): tell(event="started", stage=stage, seed=params.seed)
@hookimpl
def rows_done(stage, what, done, total): tell(event="rows", what=what, done=done, total=total)
@hookimpl
def checkpoint_written(stage, checkpoint, report): tell(event="checkpoint", path=checkpoint)
@hookimpl
def stage_finished(stage, seconds, summary): tell(event="finished", stage=stage, summary=summary)
@hookimpl
def stage_failed(stage, error): tell(event="failed", stage=stage, error=error)
"""
RAISING = """
from meteor.running.observers import hookimpl

@hookimpl
def rows_done(done): raise OSError(f"no line at {done}")
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose observers are looked for before those of the project."""
    import plugins.observer

    for name, source in (("events", EVENTS), ("raising", RAISING)):
        (tmp_path / "plugins/observer").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"plugins/observer/{name}.py").write_text(source)
    monkeypatch.setattr(plugins.observer, "__path__", [str(tmp_path / "plugins/observer")])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METEOR_RUN", "this run")
    importlib.invalidate_caches()
    yield tmp_path


def params(*names: str) -> Params:
    return load_params(ROOT / "params.yaml").model_copy(update={"observers": list(names)})


@contextmanager
def watched(params: Params, stage: str) -> Iterator[None]:
    with working(Context(stage)), observing(params):
        yield


def events() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path("events").read_text().splitlines()]


def status(stage: str) -> dict[str, object]:
    file = Path(".meteor/stages") / f"{stage}.json"
    return dict(json.loads(file.read_text()))


def test_every_event_is_heard_in_order(house: Path) -> None:
    with watched(params("events"), "distill"):
        assert list(track("ab", "teacher_answer", 2)) == ["a", "b"]
        tell_checkpoint(Path("somewhere"), {"rows": 2})
        summarised({"rows": {"in": 2}})
    with watched(params("events"), "judge@r1"):
        pass
    assert events() == [
        {"event": "run", "run": "this run"},
        {"event": "started", "stage": "distill", "seed": 7},
        *({"event": "rows", "what": "teacher_answer", "done": n, "total": 2} for n in range(3)),
        {"event": "checkpoint", "path": "somewhere"},
        {"event": "finished", "stage": "distill", "summary": {"rows": {"in": 2}}},
        {"event": "started", "stage": "judge@r1", "seed": 7},
        {"event": "finished", "stage": "judge@r1", "summary": {}},
    ]


def test_one_that_raises_is_logged_once_and_stops_nobody(
    house: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with watched(params("raising", "events"), "distill"):
        assert list(track(range(3), "teacher_answer", 3)) == [0, 1, 2]
    assert [event["event"] for event in events()].count("rows") == 4
    assert [record.getMessage() for record in caplog.records] == [
        "observer plugin 'raising': rows_done raised OSError: no line at 0; "
        "it is told nothing more of this stage"
    ]


def test_the_status_says_where_a_stage_is_and_how_it_ended(house: Path) -> None:
    with pytest.raises(ValueError, match="ill"), watched(params(), "distill"):
        assert status("distill")["state"] == "running"
        assert lives(str(status("distill")["process"]))
        tell_workers(1, 2)
        assert status("distill")["workers"] == [1, 2]
        tell_workers(0, 0)
        assert list(track("ab", "teacher_answer", 2)) == ["a", "b"]
        raise ValueError("ill")
    now = status("distill")
    assert now["workers"] is None
    assert (now["state"], now["error"]) == ("failed", "ill")
    assert (now["what"], now["done"], now["total"]) == ("teacher_answer", 2, 2)
    assert now["run"] == "this run"
    with watched(params(), "distill"):
        pass
    assert (status("distill")["state"], status("distill")["error"]) == ("finished", None)


def test_the_status_is_written_at_most_once_a_second(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched(params(), "distill"):
        seen = []
        for _ in track(range(5000), "teacher_answer", 5000):
            seen.append(Path(".meteor/stages/distill.json").stat().st_ino)
    assert len(set(seen)) < 20


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("@hookimpl\ndef row_done(stage): ...", "row_done"),
        ("@hookimpl\ndef rows_done(rows): ...", "rows"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
    ],
)
def test_an_observer_that_does_not_fit_is_the_users_error(
    house: Path, source: str, what: str
) -> None:
    file = house / "plugins/observer" / f"bad{abs(hash(source))}.py"
    file.write_text(f"from meteor.running.observers import hookimpl\n{source}")
    with pytest.raises(SettingsError, match=f"observer plugin '{file.stem}'.*{what}"):
        observers.check_observers(params(file.stem))


def test_an_unknown_observer_lists_the_candidates(house: Path) -> None:
    message = r"params\.yaml: observers: there is no plugin 'evnts' \(there are: events, raising\)"
    with pytest.raises(SettingsError, match=message):
        observers.check_observers(params("evnts"))


def test_a_real_stage_tells_its_observers_and_another_list_runs_nothing(
    finished: Project, tmp_path: Path
) -> None:
    project = fakes.twin(finished, tmp_path / "project")
    project.plugin("observer", "events", EVENTS)
    project.set({"observers": ["progress", "events"]})
    assert project.repro() == []
    project.set({"judge.plugin": "same"})
    ran = project.repro("judge@base")
    assert ran == ["verifier", "judge@base"]
    told = [json.loads(line) for line in (project.folder / "events").read_text().splitlines()]
    assert [event["event"] for event in told].count("run") == 1
    assert sorted(e["stage"] for e in told if e["event"] == "finished") == sorted(ran)
    assert {e["done"] for e in told if e["event"] == "rows"} >= {0, 1}
