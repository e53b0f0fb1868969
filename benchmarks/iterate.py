"""Where the time of phase 2 goes: `python -m benchmarks.iterate CHECKPOINT [QUESTIONS] [INTERVAL]`
from the project's root.

A round with the shipped settings of student and trainer, one training after each group of INTERVAL
questions, and an advisor who accepts every draft, so that nothing but the machine decides how long
it takes. Seconds by the clock, and their share.
"""

import resource
import sys
import tempfile
import time
import types
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meteor.core.domain import Domain
from meteor.core.hookspecs import hookimpl
from meteor.core.params import load_params
from meteor.core.records import Advice, Question
from meteor.core.roles import load_plugin, load_role
from meteor.core.settings import Settings
from meteor.generation import decoding
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.training.gate import Gate
from meteor.training.learner import Learner
from meteor.training.refining import Refining, Words, lessons
from plugins.source import meteor_json
from plugins.student import transformers

SPENT: Counter[str] = Counter()


class Nothing(Settings):
    """Nothing to set."""


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its seconds added up under a name."""

    def run(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            SPENT[name] += time.perf_counter() - begun

    return run


def content() -> Any:
    """An advisor who accepts everything."""
    module = types.ModuleType("content")

    def advisor_advise(drafts: Any, params: Nothing) -> Any:
        return [Advice(id=draft.id, correct=True, advice="") for draft in drafts]

    vars(module)["advisor_advise"] = hookimpl(advisor_advise)
    return load_plugin("advisor", "content", module, {})


def main() -> None:
    """Run the round, print what it took."""
    start = Path(sys.argv[1])
    count, interval = (int(told) for told in [*sys.argv[2:], "30", "10"][:2])
    params = load_params()
    found = meteor_json.source_load(Path("data/sources/machine_learning"), meteor_json.MeteorJson())
    asked = [row for row in found if isinstance(row, Question) and row.answer][:count]
    example = wording.example(params.domain)
    words = Words(wording.answer(Domain()), wording.revision(Domain()))
    student = load_role("student", params)
    held_out = [example(row, str(row.answer)) for row in asked[:8]]
    gate = Gate(student, params.gate, held_out)
    for module in (decoding, transformers):
        vars(module)["load_model"] = timed("the student is loaded", vars(module)["load_model"])
    with tempfile.TemporaryDirectory() as folder:
        learner = Learner(
            trainer=load_role("sft", params),
            schedule=params.iterate.schedule,
            seed=params.training_seed,
            interval=interval,
            start=start,
            checkpoint=Path(folder, "r1"),
            gate=gate,
        )
        tally = Tally("iterate", 0.0, count)
        settings = params.iterate
        admits = timed("gate", gate.admits)
        vars(gate)["admits"] = admits
        take = timed("trainings and gate", learner.take)
        begun = time.perf_counter()
        for first in range(0, count, interval):
            group = asked[first : first + interval]
            refining = Refining(group, student, content(), settings, words, params.seed, tally)
            done = timed("drafts", refining.run)(learner.weights, learner.finetunes)
            take([lessons(row, settings.learn, words) for row in done if row.accepted])
        SPENT["all"] = time.perf_counter() - begun
        steps = sum(report.seconds for report in learner.curve.reports)
        learner.clean()
    training = SPENT["trainings and gate"] - SPENT["gate"]
    rows = {
        "drafts, with loading": SPENT["drafts"],
        "gate, with loading": SPENT["gate"],
        "of these two: the student is loaded": SPENT["the student is loaded"],
        "trainings: their steps": steps,
        "trainings: processes, imports, weights read, checked and written": training - steps,
        "all": SPENT["all"],
    }
    print(f"{count} questions, {learner.finetunes} trainings, {len(learner.curve.points)} steps")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds:.0f} | {seconds / SPENT['all']:.0%} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the stage's process: {peak:.1f} GiB")


if __name__ == "__main__":
    main()
