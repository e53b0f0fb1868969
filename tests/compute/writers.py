"""Writers of tests, in a module that workers can import: they show who does what, and die."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.compute.spreading import Place, computing
from meteor.core.errors import MeteorError
from meteor.core.settings import Compute
from meteor.generation.decoding import Batch, Writer


def on_ray(**settings: Any) -> Any:
    """Have jobs done by workers."""
    return computing(Place(Compute(engine="ray", **settings)))


def note(file: Path, line: str) -> None:
    """One more line, in one write, whichever process says it."""
    with file.open("ab", buffering=0) as out:
        out.write(line.encode() + b"\n")


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


@dataclass
class Meeting:
    """Does a job only once so many processes are at one: they work side by side, or never end."""

    book: Path
    several: int

    def load(self, checkpoint: Path) -> None:
        note(self.book, f"loaded {os.getpid()}")

    def write(self, job: int) -> list[tuple[int, int]]:
        note(self.book, f"here {os.getpid()}")
        while len({line for line in lines(self.book) if line.startswith("here")}) < self.several:
            time.sleep(0.05)
        return [(job, os.getpid())]


@dataclass
class Doomed:
    """Is killed by each job but the last; one job is wrong in itself."""

    wrong: bool = False

    def load(self, checkpoint: Path) -> None:
        pass

    def write(self, job: int) -> list[int]:
        if self.wrong:
            raise MeteorError(f"no way to do job {job}")
        os.kill(os.getpid(), signal.SIGKILL)
        return []


BOOK, MORTAL = "WRITTEN_BATCHES", "q3"


class Mortal(Writer):
    """The real writer, killed as it has written the batch with the row `MORTAL` for the first time,
    and before anybody has it.
    """

    def load(self, checkpoint: Path) -> None:
        """As ever."""
        super().load(checkpoint)
        self.book: Any = checkpoint / BOOK

    def write(self, batch: Batch) -> Iterator[Any]:
        rows = list(super().write(batch))
        name = "+".join(row.id for row in rows)
        killed = MORTAL in name and name not in lines(self.book)
        note(self.book, name)
        if killed:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from rows
