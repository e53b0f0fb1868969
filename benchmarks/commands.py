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
    """Time every command, warm. `dvc repro` is left out where it would run stages."""
    clean = subprocess.run([sys.executable, "-m", "dvc", "status", "--quiet"]).returncode == 0
    for command in COMMANDS:
        program, *words = command.split()
        if command == "dvc repro" and not clean:
            print(f"{command:36} not measured: there is something to run")
            continue
        taken = []
        for _ in range(TIMES + 1):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", program, *words], capture_output=True, text=True
            )
            taken.append(time.perf_counter() - start)
        if done.returncode:
            print(f"{command:36} failed: {done.stderr.strip().splitlines()[-1]}")
        else:
            print(f"{command:36} {statistics.median(taken[1:]):.2f} s")


if __name__ == "__main__":
    main()
