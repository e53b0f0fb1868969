"""Work that is cut into jobs, done in this process or by the workers of a Ray cluster.

Whoever cuts it fixes what a job holds, its seed too: the rows are the same, whoever does which job
and however many there are. Outside of a stage all is done in this process.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from meteor.core.errors import SettingsError
from meteor.core.params import PARAMS_FILE
from meteor.core.settings import Compute

Job = TypeVar("Job", contravariant=True)
Row = TypeVar("Row", covariant=True)
Told = TypeVar("Told")
LOCAL = Compute()


class Writer(Protocol[Job, Row]):
    """What does jobs. It travels to each worker as it is before it has loaded anything."""

    def load(self, checkpoint: Path) -> None:
        """Load what it needs, once."""

    def write(self, job: Job) -> Iterable[Row]:
        """The rows of one job."""


@dataclass(frozen=True)
class Place:
    """Where this process has its jobs done; `tell` hears of workers: how many are up, of how many
    (0 of 0: the work is done).
    """

    compute: Compute = LOCAL
    tell: Callable[[int, int], None] = lambda up, of: None


_present = Place()


@contextmanager
def computing(place: Place) -> Iterator[None]:
    """Have jobs done at `place`."""
    global _present
    before, _present = _present, place
    try:
        yield
    finally:
        _present = before


def spread(writer: Writer[Job, Row], folders: Sequence[Path], jobs: Sequence[Job]) -> Iterator[Row]:
    """The rows of all jobs: job after job in this process, as they are done on Ray. `folders` are
    the checkpoint, and what it lies over.

    Raises MeteorError where the writer does, or where workers die of a job again and again.
    """
    if not jobs:
        return
    if _present.compute.engine == "ray":
        from meteor.compute.workers import on_workers

        yield from on_workers(writer, folders, jobs, _present.compute, _present.tell)
        return
    writer.load(folders[0])
    for job in jobs:
        yield from writer.write(job)


def there(function: Callable[..., Told], *arguments: Any) -> Told:
    """What `function` says where the jobs are done: of its processor, say."""
    if _present.compute.engine == "ray":
        from meteor.compute.workers import asked

        told: Told = asked(function, arguments, _present.compute)
        return told
    return function(*arguments)


def make_room() -> None:
    """A training is about to begin: workers on GPUs end, and start anew when there is work."""
    if _present.compute.engine == "ray":
        from meteor.compute.workers import end_on_gpus

        end_on_gpus()


def check_engine(compute: Compute) -> None:
    """Raise SettingsError where Ray is asked for and not installed, or by no address."""
    from importlib.util import find_spec

    from meteor.compute.cluster import check_address

    if compute.engine != "ray":
        return
    check_address(compute)
    if find_spec("ray") is None:
        raise SettingsError(
            f"{PARAMS_FILE}: compute.engine: ray is not installed; "
            "`pip install 'meteor-pipeline[ray]'`, on every node the same version"
        )


def check_room(compute: Compute) -> None:
    """Raise SettingsError where the cluster cannot hold the workers that are asked for, and
    MeteorError where there is none.
    """
    if compute.engine == "ray":
        from meteor.compute.cluster import workers_wanted

        workers_wanted(compute)
