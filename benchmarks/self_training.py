"""Does a student learn from its own majority? `python -m benchmarks.self_training sft 1000`.

In a project of `meteor preset text-to-sql`: the checkpoint answers fresh questions greedily and by
the result that most of nine answers share. From what at least five agree on it is fine-tuned, with
phase 1's rows beside it; two controls learn its greedy answers to the same questions, and the gold
ones; last it learns preferences, from the pairs in which the majority says something else. Prints
how often each is right, there and on the held-out questions. No label is looked at but by the
control `gold`; the checkpoints are thrown away.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.fresh_questions import fresh_questions
from meteor.core.jsonl import read_records
from meteor.core.params import Params, load_params
from meteor.core.records import Distilled, Draft, Example, Pair, Prompt, Question, Record
from meteor.core.roles import load_role
from meteor.core.settings import Decoding, Schedule
from meteor.evaluation.significance import mcnemar
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.training.process import train
from meteor.verification.voting import vote

DATABASE = Path("data/sources/text_to_sql/databases/database.sqlite")
GREEDY = Decoding(strategy="greedy", max_new_tokens=64)
VOTED = Decoding(
    strategy="mbr", samples=8, agreement="result", temperature=1.0, top_p=1.0, top_k=0,
    max_new_tokens=64,
)  # fmt: skip
AGREE = 5
TAUGHT = Schedule(epochs=2, learning_rate=2e-4)
PREFERRED = Schedule(epochs=2, learning_rate=3e-5)


class Bench:
    """The student, the verifier, and what they are asked with."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.student, self.verifier = load_role("student", params), load_role("verifier", params)
        self.ask, self.example = wording.answer(params.domain), wording.example(params.domain)

    def greedy(self, rows: Sequence[Question], weights: Path) -> dict[str, str]:
        """Its likeliest answer to each question."""
        count = Tally("self_training", 0.0, len(rows))
        prompts = [self.ask(row) for row in rows]
        done = count.generate(self.student, prompts, weights, GREEDY, self.params.seed)
        return {prompt.id: completion.text for prompt, completion in done}

    def right(self, rows: Sequence[Question], texts: Mapping[str, str]) -> dict[str, bool]:
        """Which answers the verifier passes."""
        drafts = [Draft(id=row.id, question=row, text=texts[row.id]) for row in rows]
        told = Tally("self_training", 0.0, len(rows)).verify(self.verifier, drafts)
        return {draft.id: bool(verdict.passed) for draft, verdict in told}


def main(name: str, count: int) -> None:
    """Print both tables for the checkpoint `models/<name>`."""
    params, weights = load_params(), Path("models") / name
    training, dev, test = (
        list(read_records(Path(f"data/raw/{split}.jsonl"), Question))
        for split in ("train", "dev", "test")
    )
    fresh, bench = fresh_questions(training, [*dev, *test], DATABASE, count, seed=5), Bench(params)
    by_id, prompts = {row.id: row for row in fresh}, [bench.ask(row) for row in fresh]
    told = Tally("self_training", 0.0, len(fresh))
    how = (prompts, by_id, weights, VOTED, params.seed)
    voted = {prompt.id: found for prompt, found in vote(told, bench.student, bench.verifier, *how)}
    own, most = (
        bench.greedy(fresh, weights),
        {row: found.answer.text for row, found in voted.items()},
    )
    print(f"{len(fresh)} fresh questions, {name}:")
    against("greedy", None, bench.right(fresh, own))
    against("majority of nine", bench.right(fresh, own), bench.right(fresh, most))
    sure = [row for row in fresh if voted[row.id].votes >= AGREE]
    print(f"{len(sure)} with {AGREE} of nine or more; on {len(test)} held-out questions:")
    before = bench.right(test, bench.greedy(test, weights))
    against(name, None, before)
    lessons = {
        "its greedy answers": (sure, own),
        "its majority's answers": (sure, most),
        "gold, to all": (fresh, {row.id: str(row.answer) for row in fresh}),
    }

    def tell(title: str, role: str, rows: Sequence[Record], schedule: Schedule) -> None:
        """Train, and say what came of it."""
        with tempfile.TemporaryDirectory() as folder:
            out, trainer = Path(folder) / "model", load_role(role, params)
            train(trainer, rows, weights, out, schedule, params.training_seed)
            against(title, before, bench.right(test, bench.greedy(test, out)))

    for title, (rows, texts) in lessons.items():
        examples = [bench.example(row, texts[row.id]) for row in rows]
        tell(title, "sft", [*examples, *replay(bench, len(examples))], TAUGHT)
    differ = [row for row in sure if most[row.id] != own[row.id]]
    pairs = [pair(bench.ask(row), most[row.id], own[row.id]) for row in differ]
    print(f"{len(pairs)} pairs, in which the majority says something else than greedy:")
    if pairs:
        tell("majority over greedy", "pairwise", pairs, PREFERRED)


def pair(prompt: Prompt, chosen: str, rejected: str) -> Pair:
    """What costs more over what costs less."""
    texts = {"chosen": chosen, "rejected": rejected}
    return Pair(id=prompt.id, prompt=prompt, chosen_flops=None, rejected_flops=None, **texts)


def replay(bench: Bench, beside: int) -> Iterator[Example]:
    """Phase 1's rows, as many times as makes them half as many as those beside them, or once."""
    known = list(read_records(Path("data/distilled/train.jsonl"), Distilled))
    for time in range(max(1, round(0.5 * beside / len(known)))):
        for row in known:
            taught = bench.example(row.question, row.answer)
            yield taught.model_copy(update={"id": f"{row.id}#{time}"})


def against(title: str, before: Mapping[str, bool] | None, after: Mapping[str, bool]) -> None:
    """Print one line."""
    said = f"{title:24} {sum(after.values())} of {len(after)}"
    if before is not None:
        gained = sum(after[row] and not before[row] for row in after)
        lost = sum(before[row] and not after[row] for row in after)
        p = mcnemar(list(after.values()), [before[row] for row in after])
        said += f"  +{gained} -{lost}" + ("" if p is None else f"  p = {p:.2g}")
    print(said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
