"""What one GPU makes of this project: `python -m benchmarks.gpu` from the project's root.

Training, writing and weighing with random weights of 0.5 to 8 billion parameters, through the
project's own plugins, and whether a GPU gives what a CPU gives. Each case runs in a process of its
own with a limit of time, and prints a line of JSON for each result; one that fails prints its
error, and the rest goes on. `--smoke` does all of it with tiny models, on a CPU too.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from benchmarks.gpu.trainings import TRAININGS

GROUPS = (
    ("sft",),
    ("equality", "nf4", "adapter"),
    ("zero2", "zero3", "fsdp2", "torchrun"),
    ("generate",),
    ("lora-8b",),
    ("qlora-8b",),
    ("pairs",),
    ("sft-liger",),
    ("sft-packed",),
    ("sft-1.5b",),
    ("sft-mixed",),
)
"""By worth. What shows that something works runs side by side; what is timed runs alone."""
LIMITS = {"generate": 90, "lora-8b": 90, "qlora-8b": 90, "prepare": 120}
LIMIT = 75
"""Seconds of a case."""
NEEDS_ROOM = 40e9
"""Bytes of the work folder: an 8B model, the others and what they become."""


def main() -> None:
    """Run the cases that are asked for, as far as the time goes."""
    cases = [name for group in GROUPS for name in group]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, help="checkpoint: its tokenizer, and for `equality`")
    parser.add_argument("--cases", default=",".join(cases), help="in any order; all of them")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder for results.jsonl")
    parser.add_argument("--work", type=Path, help="folder for the models, in memory if it fits")
    parser.add_argument("--seconds", type=float, default=290, help="in all")
    parser.add_argument("--smoke", action="store_true", help="with tiny models")
    parser.add_argument("--patient", action="store_true", help="no limit of a case but the whole's")
    told = parser.parse_args()
    chosen = told.cases.split(",")
    if unknown := sorted({*chosen} - {*cases}):
        parser.error(f"unknown cases {', '.join(unknown)}; there are {', '.join(cases)}")
    told.out.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + told.seconds
    place = told.work or _roomy()
    with tempfile.TemporaryDirectory(prefix="meteor-gpu-", dir=place) as folder:
        work = Path(folder)
        if told.smoke:
            (work / "smoke").touch()
        base = _base(told.base, work)
        run = Run(work, base, told.out, deadline, told.patient)
        made: set[str] = set()
        for group in GROUPS:
            asked = [name for name in group if name in chosen]
            if needed := {_model(name) for name in asked} - {""} - made:
                run.together([":".join(["prepare", *sorted(needed)])])
            made |= needed
            run.together(asked)


def _model(case: str) -> str:
    """The model of random weights that a case wants; empty: none."""
    if case in TRAININGS:
        return TRAININGS[case].model
    return "" if case == "equality" else "0.5b"


def _roomy() -> str | None:
    """Memory as a folder, where it holds all; else the system's folder for such."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > NEEDS_ROOM else None


def _base(given: Path | None, work: Path) -> Path:
    """The checkpoint that is given, copied beside the models; or a tiny one of random weights."""
    out = work / "models" / "base"
    if given:
        return Path(shutil.copytree(given, out))
    from benchmarks.training import examples
    from meteor.models.tiny import CHATML, tiny_checkpoint

    return tiny_checkpoint(out, [CHATML, *(row.answer for row in examples(200))])


class Run:
    """Starts cases, and keeps what they say in `results.jsonl` and `log.txt`."""

    def __init__(self, work: Path, base: Path, out: Path, deadline: float, patient: bool) -> None:
        self.work, self.base, self.out = work, base, out
        self.deadline, self.patient = deadline, patient

    def together(self, cases: Sequence[str]) -> None:
        """Run cases side by side, to the end of the last."""
        if cases:
            with ThreadPoolExecutor(len(cases)) as pool:
                list(pool.map(lambda case: self._case(case, len(cases) - 1), cases))

    def _case(self, case: str, beside: int) -> None:
        begun = time.monotonic()
        limit = self.deadline - begun
        if not self.patient:
            limit = min(LIMITS.get(case.split(":")[0], LIMIT), limit)
        if limit < 10:
            self._tell({"case": case, "error": "not begun: the time is over"})
            return
        log = self.work / f"{case}.log"
        last: dict[str, Any] = {}
        for result in self._lines(case, log, limit, beside):
            last = {**result, "beside": beside, "at": round(time.monotonic() - begun, 1)}
            self._tell(last)
        seconds = round(time.monotonic() - begun, 1)
        if seconds >= limit:
            self._tell({"case": case, "error": f"not ended after {limit:.0f} s"})
        elif not last and not case.startswith("prepare"):
            self._tell({"case": case, "error": "died without a word", "seconds": seconds})
        elif not last:
            self._tell({"case": case, "seconds": seconds})
        with (self.out / "log.txt").open("a") as whole:
            whole.write(f"==== {case}, {seconds} s\n{log.read_text(errors='replace')[-20_000:]}\n")

    def _lines(self, case: str, log: Path, limit: float, beside: int) -> Iterator[dict[str, Any]]:
        line = [sys.executable, "-m", "benchmarks.gpu.case", case, str(self.work), str(self.base)]
        offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        # Threads that spin while they wait collapse beside other busy processes.
        threads = str(max((os.cpu_count() or 1) // (beside + 1), 1))
        calm = {"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}
        with log.open("w") as told:
            process = subprocess.Popen(
                line,
                env={**calm, **os.environ, **offline},
                stdout=subprocess.PIPE,
                stderr=told,
                text=True,
                start_new_session=True,
            )
            killing = _kill_after(process, limit)
            assert process.stdout is not None
            for text in process.stdout:
                if text.startswith('{"case"'):
                    yield json.loads(text)
                else:
                    told.write(text)
            process.wait()
            killing.cancel()

    def _tell(self, result: dict[str, Any]) -> None:
        line = json.dumps(result)
        print(line, flush=True)
        with (self.out / "results.jsonl").open("a") as results:
            results.write(line + "\n")


def _kill_after(process: "subprocess.Popen[str]", seconds: float) -> threading.Timer:
    """A timer that ends the process and all that it has started."""

    def kill() -> None:
        try:
            started = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        for child in (*started, process):
            try:
                os.kill(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    return timer


if __name__ == "__main__":
    main()
