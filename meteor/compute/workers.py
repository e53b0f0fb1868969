"""The workers of a stage: Ray actors of like size that load a checkpoint once and do jobs.

Ray places them, starts them again where they die, and carries what they are given and give. What is
left to do here: the job of a worker that died goes to whoever is free. Ray's own `ActorPool` gives
jobs also to workers that have no place, as after the loss of a node, and waits with them for ever.
"""

import gc
import itertools
import logging
import platform
import socket
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from meteor.compute.cluster import demand, gpus_each, workers_wanted
from meteor.compute.parcels import Parcel, packed, unpacked
from meteor.core.errors import MeteorError
from meteor.core.settings import Compute

log = logging.getLogger("meteor")
RESTARTS = 10
"""How often one worker is started again."""
TRIES = 3
"""How many workers may die of one job."""
PATIENCE = 60
"""Seconds without a worker after which the log says so."""
_numbers = itertools.count()
_crew: dict[Compute, list[Any]] = {}
"""The workers of this process, by what each of them is like: they live as long as the process, so
that Python and torch are started once, and hold a checkpoint only while it has something to do.
"""


@dataclass(frozen=True)
class Work:
    """What jobs are done with: a writer that has loaded nothing, and the checkpoint's folders, or
    a parcel of them.
    """

    number: int
    writer: Any
    folders: tuple[Path, ...]
    parcel: Parcel | None

    def load(self) -> tuple[Any, IO[bytes] | None]:
        """The writer, loaded on this node, and the file that keeps the checkpoint there."""
        if self.parcel:
            folder, lock = unpacked(self.parcel)
            self.writer.load(folder)
            return self.writer, lock
        for folder in self.folders:
            if not folder.exists():
                raise MeteorError(
                    f"{folder}: is not on the node {socket.gethostname()}; keep the project in a "
                    "folder that all nodes share, or set compute.checkpoint to object_store"
                )
        self.writer.load(self.folders[0])
        return self.writer, None


class Worker:
    """An actor: a process that has the processors and GPUs of one demand for itself."""

    def __init__(self) -> None:
        self.loaded: dict[int, tuple[Any, IO[bytes] | None]] = {}

    def load(self, work: Work) -> str:
        """Be ready for jobs; say what this worker computes on."""
        self._writer(work)
        torch = sys.modules.get("torch")
        if torch is None:
            return platform.processor()
        if torch.cuda.is_available():
            return str(torch.cuda.get_device_name())
        return str(torch.cpu.get_capabilities().get("cpu_name"))

    def write(self, work: Work, job: Any) -> list[Any]:
        """The rows of one job."""
        return list(self._writer(work).write(job))

    def _writer(self, work: Work) -> Any:
        if work.number not in self.loaded:
            self.loaded[work.number] = work.load()
        return self.loaded[work.number][0]

    def drop(self, number: int) -> None:
        """Let go of what was loaded, and of its memory."""
        _, lock = self.loaded.pop(number, (None, None))
        if lock:
            lock.close()
        gc.collect()
        if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def say(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What a function says here."""
        return function(*arguments)


def _crew_of(compute: Compute, count: int) -> list[Any]:
    """So many workers: those of this process, and new ones."""
    import ray

    like = compute.model_copy(update={"workers": None})
    if like not in _crew:
        _end()
    crew = _crew.setdefault(like, [])
    made = ray.remote(Worker).options(max_restarts=RESTARTS, **demand(compute))
    crew += [made.remote() for _ in range(count - len(crew))]
    return crew[:count]


def end_on_gpus() -> None:
    """End workers that hold GPUs."""
    if any(gpus_each(like) for like in _crew):
        _end()


def _end() -> None:
    import ray

    for worker in [worker for crew in _crew.values() for worker in crew]:
        ray.kill(worker)
    _crew.clear()


@cache
def asked(function: Callable[..., Any], arguments: tuple[Any, ...], compute: Compute) -> Any:
    """What a function says in a worker's process."""
    import ray

    workers_wanted(compute)
    (worker,) = _crew_of(compute, 1)
    said = worker.say.options(max_task_retries=RESTARTS).remote(function, arguments)
    try:
        return _told(said)
    except ray.exceptions.RayError as error:
        raise MeteorError(f"a worker of the Ray cluster died: {_brief(error)}") from None


def on_workers(
    writer: Any,
    folders: Sequence[Path],
    jobs: Sequence[Any],
    compute: Compute,
    tell: Callable[[int, int], None],
) -> Iterator[Any]:
    """The rows of all jobs as they are done. At the end the memory of the GPUs is free again."""
    import ray

    count = min(workers_wanted(compute), len(jobs))
    parcel = packed(tuple(folders)) if compute.checkpoint == "object_store" else None
    here = tuple(folder.resolve() for folder in folders)
    work = Work(next(_numbers), writer, here, parcel)
    shift = _Shift(_crew_of(compute, count), ray.put(work), jobs, tell)
    try:
        yield from shift.rows()
    finally:
        if any(job for _, job in shift.busy.values()):
            _end()  # nobody waits for what they are at
        else:
            for loading in shift.busy:
                ray.cancel(loading)
            freed = {worker: worker.drop.remote(work.number) for worker in shift.workers}
            free = [freed[worker] for worker in shift.up]
            ray.wait(free, num_returns=len(free), timeout=PATIENCE) if free else None
        tell(0, 0)


def _told(reference: Any) -> Any:
    """What came of a call; an error of the work itself as it was raised there."""
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise getattr(error, "cause", error) from None


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


class _Shift:
    """Workers, the jobs that nobody has taken yet, and who is at what."""

    def __init__(
        self, workers: list[Any], work: Any, jobs: Sequence[Any], tell: Callable[[int, int], None]
    ) -> None:
        self.work, self.tell = work, tell
        self.left = deque(enumerate(jobs))
        self.workers = list(workers)
        self.up: dict[Any, str] = {}
        self.idle: list[Any] = []
        self.busy: dict[Any, tuple[Any, tuple[int, Any] | None]] = {}
        self.lost: Counter[int] = Counter()

    def rows(self) -> Iterator[Any]:
        """The rows of all jobs."""
        import ray

        for worker in self.workers:
            self._load(worker)
        self.tell(0, len(self.workers))
        while self.left or any(job for _, job in self.busy.values()):
            done, _ = ray.wait(list(self.busy), num_returns=1, timeout=PATIENCE)
            if not done:
                if not self.up:
                    log.info("no worker is up yet; others may use the cluster")
                continue
            worker, job = self.busy.pop(done[0])
            rows = []
            try:
                told = _told(done[0])
            except ray.exceptions.RayError as error:
                self._died(worker, job, _brief(error))
            else:
                self.idle.append(worker)
                if job is None:
                    self._is_up(worker, told)
                else:
                    rows = told
            self._give()
            yield from rows

    def _give(self) -> None:
        """A job to everybody who is free."""
        while self.left and self.idle:
            worker, job = self.idle.pop(), self.left.popleft()
            self.busy[worker.write.remote(self.work, job[1])] = (worker, job)

    def _load(self, worker: Any) -> None:
        # Retried until Ray has started the worker again, which it does as soon as there is a place.
        loading = worker.load.options(max_task_retries=RESTARTS).remote(self.work)
        self.busy[loading] = (worker, None)

    def _is_up(self, worker: Any, processor: str) -> None:
        if self.up and processor not in self.up.values():
            log.warning(
                "workers compute on %s and on %s: which of them writes a text may change it",
                *(next(iter(self.up.values())), processor),
            )
        self.up[worker] = processor
        self.tell(len(self.up), len(self.workers))

    def _died(self, worker: Any, job: tuple[int, Any] | None, why: str) -> None:
        """Its job goes to whoever is free; one that died while it loaded does not come back."""
        self.up.pop(worker, None)
        if job is None:
            self.workers.remove(worker)
            for crew in _crew.values():
                crew.remove(worker)
            log.warning("a worker does not come back: %s", why)
            if not self.workers:
                raise MeteorError(
                    "all workers of the Ray cluster are gone; bring it up and run `dvc repro` "
                    f"again: finished rows are kept. The last one: {why}"
                )
        else:
            self.lost[job[0]] += 1
            if self.lost[job[0]] == TRIES:
                raise MeteorError(
                    f"{TRIES} workers died of one batch, the last so: {why}; if memory is short, "
                    "lower batch_size or batch_tokens of the plugin"
                )
            log.warning("a worker died, and its batch goes to another: %s", why)
            self.left.appendleft(job)
            self._load(worker)
        self.tell(len(self.up), len(self.workers))
