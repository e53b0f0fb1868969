"""Jobs in this process, and what a demand on a cluster means, without one."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meteor.compute.cluster import places
from meteor.compute.spreading import Place, check_engine, computing, spread
from meteor.core.errors import SettingsError
from meteor.core.settings import Compute, parse_settings


@dataclass
class Noting:
    """Notes what it does."""

    done: list[Any] = field(default_factory=list)

    def load(self, checkpoint: Path) -> None:
        self.done.append(checkpoint)

    def write(self, job: int) -> Iterator[str]:
        self.done.append(job)
        yield from (f"{job}a", f"{job}b")


def test_here_a_job_is_done_when_its_rows_are_wanted() -> None:
    writer = Noting()
    rows = spread(writer, [Path("sft"), Path("base")], [1, 2])
    assert next(rows) == "1a" and writer.done == [Path("sft"), 1]
    assert list(rows) == ["1b", "2a", "2b"] and writer.done == [Path("sft"), 1, 2]


def test_nothing_is_loaded_for_nothing() -> None:
    for engine in ("local", "ray"):
        writer = Noting()
        with computing(Place(Compute(engine=engine))):
            assert list(spread(writer, [Path("sft")], [])) == []
        assert writer.done == []


def test_ray_is_not_imported_here() -> None:
    script = """
import sys
from pathlib import Path
from meteor.compute.spreading import Place, check_engine, check_room, computing, spread, there
from meteor.core.settings import Compute
from tests.compute.test_spreading import Noting
with computing(Place(Compute())):
    check_engine(Compute())
    check_room(Compute())
    assert there(len, "abc") == 3
    assert list(spread(Noting(), [Path("sft")], [1])) == ["1a", "1b"]
print("ray" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_ray_that_is_not_installed_is_an_error_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"compute.engine: ray is not installed; .*pip install"):
        check_engine(Compute(engine="ray"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"gpus": 1.5}, ".gpus: a whole number above 1, not 1.5"),
        ({"gpus": -1}, ".gpus: "),
        ({"workers": 0}, ".workers: "),
        ({"engine": "dask"}, ".engine: .*'local' or 'ray'"),
        ({"address": "ray://head:10001"}, ".address: 'ray://head:10001' is of Ray's client"),
        ({"worker": 2}, ".worker: unknown key .did you mean 'workers'"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=f"params.yaml: compute{message}"):
        parse_settings(Compute, given, Path("params.yaml"), "compute")


@pytest.mark.parametrize(
    ("processors", "gpus", "cpus_each", "gpus_each", "workers"),
    [
        (8, 0, 1, 0, 8),
        (8, 0, 3, 0, 2),
        (8, 0, 1, 1, 0),
        (8, 4, 1, 1, 4),
        (2, 4, 1, 1, 2),
        (64, 8, 4, 2, 4),
        (64, 8, 4, 0.5, 16),
        (64, 2, 1, 0.4, 4),
        (64, 1, 1, 0.1, 10),
        (64, 3, 1, 2, 1),
    ],
)
def test_a_node_holds_whole_workers(
    processors: int, gpus: int, cpus_each: int, gpus_each: float, workers: int
) -> None:
    """What is left of one GPU and of the next is not a GPU."""
    assert places({"CPU": processors, "GPU": gpus}, cpus_each, gpus_each) == workers


@pytest.mark.parametrize(
    "address",
    ["", "10.0.0.5", "10.0.0.5:", ":6379", "10.0.0.5:99999", "http://10.0.0.5:8265", "a/b:1"],
)
def test_an_address_that_is_none_is_refused_before_any_work(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = re.escape(f"params.yaml: compute.address: {address!r}: the head's address is due")
    with pytest.raises(SettingsError, match=f"^{wanted}.*, or null for"):
        check_engine(Compute(engine="ray", address=address))
    check_engine(Compute(address=address))  # nobody is asked for
    if address:
        monkeypatch.setenv("RAY_ADDRESS", address)
        with pytest.raises(SettingsError, match=f"^RAY_ADDRESS: {re.escape(repr(address))}: "):
            check_engine(Compute(engine="ray"))
        check_engine(Compute(engine="ray", address="10.0.0.5:6379"))


def test_where_nobody_answers_is_said_at_once() -> None:
    """Ray itself would knock for a quarter of an hour."""
    pytest.importorskip("ray", reason="ray is not installed: requirements/test.lock has it")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = "127.0.0.1:{1}".format(*closed.getsockname())
    script = f"""
from meteor.compute.spreading import check_room
from meteor.core.errors import MeteorError
from meteor.core.settings import Compute
try:
    check_room(Compute(engine="ray", address={address!r}))
except MeteorError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    told = f"params.yaml: compute.address: nothing answers at {address} (Connection refused)"
    assert told in done.stdout, done.stderr
    assert done.stdout.count("\n") == 1
