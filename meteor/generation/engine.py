"""An engine of vLLM in a process of its own, which ends, or sleeps, while a model is trained.

One runs at a time. It is kept from call to call, and serves a checkpoint and every adapter over it,
so that new weights that are an adapter start no engine. It ends with the process that started it.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, Literal, NamedTuple

from meteor.core.errors import MeteorError, SettingsError
from meteor.running.warm import keep_warm

Meanwhile = Literal["end", "sleep", "stay"]
QUIET = {
    "VLLM_NO_USAGE_STATS": "1",  # it would tell its makers what runs here
    "VLLM_LOGGING_LEVEL": "WARNING",
    "HF_HUB_OFFLINE": "1",
    "TQDM_DISABLE": "1",
}
IN_ONE_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
"""The scheduler runs beside nothing else, so that it puts the same requests into the same batches.
"""
LAST_LINES = 30
LONGEST_END = 30.0
"""Seconds that an idle engine may take to end."""


class Adapter(NamedTuple):
    """An adapter over the engine's weights, by a number of its own, from 1."""

    number: int
    folder: str


class Job(NamedTuple):
    """Prompts as token ids, the seed of each, and what `SamplingParams` is told of all."""

    prompts: list[list[int]]
    seeds: Sequence[int | None]
    sampling: dict[str, Any]
    adapter: Adapter | None


class Drawn(NamedTuple):
    """New tokens, and the sum of their log-likelihoods in nats (0 where not asked for)."""

    tokens: list[int]
    likelihood: float


class Outcome(NamedTuple):
    """What became of one prompt: what was written after it, and the log-likelihood of each of its
    own tokens but the first, where that was asked for.
    """

    drawn: list[Drawn]
    read: list[float]


class Broken(NamedTuple):
    """What the engine raised; `mistaken` where it was told something that it does not know."""

    error: str
    mistaken: bool


class Load(NamedTuple):
    """What `vllm.LLM` is told; the first thing that the process is asked for."""

    arguments: dict[str, Any]


class Sleep(NamedTuple):
    """To give the GPU's memory back until the next job."""


@dataclass(frozen=True)
class Wanted:
    """An engine: the folder of its weights, what `vllm.LLM` is told, the variables of its process,
    and what becomes of it while a model is trained.
    """

    weights: Path
    arguments: Mapping[str, Any]
    variables: Mapping[str, str]
    meanwhile: Meanwhile


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Tells other weights in the same place."""
    files = sorted(folder.glob("*.safetensors"))
    return tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files)


class Engine:
    """An engine that runs, for adapters of up to `rank` (0: none)."""

    def __init__(self, wanted: Wanted, rank: int) -> None:
        self.wanted, self.stamp, self.rank = wanted, _stamp(wanted.weights), rank
        self.idle = True
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process runs)
        self._connection, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "meteor.generation.engine_process", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            env={**QUIET, **os.environ, **IN_ONE_PROCESS, **dict(wanted.variables)},
        )
        theirs.close()
        adapters = {"enable_lora": True, "max_lora_rank": rank, "max_loras": 1} if rank else {}
        weights = str(wanted.weights.resolve())
        try:
            self._ask(Load({"model": weights, **dict(wanted.arguments), **adapters}))
        except BaseException:
            self.end()
            raise

    @property
    def process(self) -> int:
        """The id of its process."""
        return self._process.pid

    def serves(self, wanted: Wanted, rank: int) -> bool:
        """Whether it is the engine that is wanted, and has not broken."""
        same = self.wanted == wanted and self.stamp == _stamp(wanted.weights)
        return same and rank <= self.rank and self.idle

    def adapter(self, folder: Path) -> Adapter:
        """An adapter that it is to write with."""
        number = self._numbers.setdefault((folder, _stamp(folder)), len(self._numbers) + 1)
        return Adapter(number, str(folder.resolve()))

    def run(self, job: Job) -> list[Outcome]:
        """Write after each prompt; the outcomes stand in their order. Raises MeteorError where the
        engine breaks.
        """
        outcomes: list[Outcome] = self._ask(job)
        return outcomes

    def sleep(self) -> None:
        """Give the GPU's memory back until the next job."""
        self._ask(Sleep())

    def end(self) -> None:
        """End the process, and wait until it is gone and its memory is free."""
        self._connection.close()
        if not self.idle:
            self._process.kill()
        try:
            self._process.wait(timeout=LONGEST_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _ask(self, what: Load | Job | Sleep) -> Any:
        self.idle = False
        try:
            self._connection.send(what)
            answer = self._connection.recv()
        except (EOFError, OSError):
            code = self._process.wait()
            what_happened = f"vLLM's process ended with exit code {code}"
            raise MeteorError(f"{what_happened}:\n{self._last_lines()}") from None
        if isinstance(answer, Broken):
            if answer.mistaken:
                raise SettingsError(f"vLLM does not know what it is told: {answer.error}")
            raise MeteorError(f"vLLM: {answer.error}\n{self._last_lines()}")
        self.idle = True
        return answer

    def _last_lines(self) -> str:
        """What vLLM wrote last."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])


_present: Engine | None = None


def engine(wanted: Wanted, rank: int = 0) -> Engine:
    """The engine that is wanted, for adapters of up to `rank`: the one that runs, if it is that."""
    global _present
    if _present is not None and _present.serves(wanted, rank):
        return _present
    end()
    if find_spec("vllm") is None:
        raise SettingsError("vLLM is not installed: `pip install 'meteor-pipeline[vllm]'`")
    _present = Engine(wanted, rank)
    keep_warm(_make_room)
    atexit.register(end)
    return _present


def running() -> Engine | None:
    """The engine that runs, if any."""
    return _present


def end() -> None:
    """End the engine that runs, if any."""
    global _present
    ending, _present = _present, None
    if ending is not None:
        ending.end()


def _make_room() -> None:
    if _present is None or _present.wanted.meanwhile == "stay":
        return
    if _present.wanted.meanwhile == "sleep" and _present.idle:
        _present.sleep()
    else:
        end()
