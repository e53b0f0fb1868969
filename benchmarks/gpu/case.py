"""One case, in this process: `python -m benchmarks.gpu.case CASE WORK BASE` prints a line of JSON
for each of its results. The driver starts it.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu import trainings, writing
from benchmarks.gpu.shapes import prepare
from meteor.running.processes import stop_cleanly

OTHERS: dict[str, Callable[[Path, Path], Iterator[dict[str, Any]]]] = {
    "generate": lambda work, base: writing.generate(work),
    "equality": lambda work, base: writing.equality(base),
    "nf4": lambda work, base: writing.nf4(work),
    "adapter": lambda work, base: writing.adapter(work),
}


def results(case: str, work: Path, base: Path) -> Iterator[dict[str, Any]]:
    """What a case finds, result after result."""
    if case.startswith("prepare"):
        prepare(work, base, case.split(":")[1:])
    elif case in trainings.TRAININGS:
        yield from trainings.train(case, work)
    else:
        yield from OTHERS[case](work, base)


def main(arguments: Sequence[str]) -> None:
    """Run the case; an error is a result, in one line, and the exit code."""
    case, work, base = arguments
    stop_cleanly()
    try:
        for result in results(case, Path(work), Path(base)):
            print(json.dumps({"case": case, **result}), flush=True)
    except Exception as error:
        traceback.print_exc()
        lines = [line for line in str(error).splitlines() if line.strip()] or [repr(error)]
        telling = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"
        print(json.dumps({"case": case, "error": f"{type(error).__name__}: {telling}"}), flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
