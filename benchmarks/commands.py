"""How long commands take: `python -m benchmarks.commands` prints the median of five runs.

`dvc repro` and `dvc status` are measured as well where everything is up to date; run them in a
project whose pipeline has run.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = (
    "meteor --help",
    "meteor check",
    "meteor plugins",
    "meteor plugins show judge chat_api",
    "meteor ledger",
    "dvc repro",
    "dvc status",
)
TIMES = 5


def main() -> None:
    """Time every command, warm."""
    for command in COMMANDS:
        program, *words = command.split()
        taken = []
        for _ in range(TIMES + 1):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", program, *words], capture_output=True, text=True
            )
            taken.append(time.perf_counter() - start)
        if done.returncode:
            print(f"{command:36} failed: {done.stderr.strip().splitlines()[-1]}")
        elif program == "dvc" and "Running stage" in done.stdout:
            print(f"{command:36} ran stages: there was something to do")
        else:
            print(f"{command:36} {statistics.median(taken[1:]):.2f} s")


if __name__ == "__main__":
    main()
