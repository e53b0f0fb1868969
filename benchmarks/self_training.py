"""Does a student learn from its own majority? `python -m benchmarks.self_training sft 1000`.

In a project of `meteor preset text-to-sql`: the checkpoint answers fresh questions greedily, by one
sample, and by the result that most of nine answers share. From what at least five agree on it is
fine-tuned, with phase 1's rows beside it; two controls learn its greedy answers to the same
questions, and the gold ones. Then it learns preferences by each loss: from the pairs in which the
majority says something else than greedy, and those in which it comes to something else than one
sample. Prints how often each is right, there and on the held-out questions; `--only` takes words of
the trainings' names. No label is looked at but by the control `gold`; the checkpoints are thrown
away.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.fresh_questions import fresh_questions
from meteor.core.jsonl import read_records
from meteor.core.params import Params, load_params
from meteor.core.records import Distilled, Draft, Example, Pair, Prompt, Question, Record
from meteor.core.roles import load_role
from meteor.core.settings import Decoding, Schedule
from meteor.core.verdicts import Verdict
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
SAMPLED = Decoding(strategy="sample", temperature=1.0, top_p=1.0, top_k=0, max_new_tokens=64)
LOSSES = ("margin", "dpo", "simpo", "sft")


class Bench:
    """The student, the verifier, and what they are asked with."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.student, self.verifier = load_role("student", params), load_role("verifier", params)
        self.ask, self.example = wording.answer(params.domain), wording.example(params.domain)

    def write(self, rows: Sequence[Question], weights: Path, how: Decoding) -> dict[str, str]:
        """An answer to each question."""
        count = Tally("self_training", 0.0, len(rows))
        prompts = [self.ask(row) for row in rows]
        done = count.generate(self.student, prompts, weights, how, self.params.seed)
        return {prompt.id: completion.text for prompt, completion in done}

    def right(self, rows: Sequence[Question], texts: Mapping[str, str]) -> dict[str, bool]:
        """Which answers the verifier passes."""
        return {row: bool(verdict.passed) for row, verdict in self._verify(rows, texts).items()}

    def results(self, rows: Sequence[Question], texts: Mapping[str, str]) -> dict[str, str | None]:
        """What the answers come to, whatever is expected."""
        asked = [row.model_copy(update={"check": None}) for row in rows]
        return {row: verdict.result for row, verdict in self._verify(asked, texts).items()}

    def _verify(self, rows: Sequence[Question], texts: Mapping[str, str]) -> dict[str, Verdict]:
        drafts = [Draft(id=row.id, question=row, text=texts[row.id]) for row in rows]
        told = Tally("self_training", 0.0, len(rows)).verify(self.verifier, drafts)
        return {draft.id: verdict for draft, verdict in told}


class Trainings:
    """Trains from one checkpoint, and says what came of it on the held-out questions."""

    def __init__(self, bench: Bench, weights: Path, test: Sequence[Question], only: str) -> None:
        self.bench, self.weights, self.test = bench, weights, test
        self.only = only.split()
        self.before = bench.right(test, bench.write(test, weights, GREEDY))
        against(weights.name, None, self.before)

    def tell(self, title: str, role: str, rows: Sequence[Record], loss: str | None = None) -> None:
        """Train, if it is asked for and there are rows, and print one line."""
        if not rows or not all(word in title for word in self.only):
            return
        params, trainer = self.bench.params, load_role(role, self.bench.params)
        schedule = TAUGHT
        if loss:
            schedule = PREFERRED
            trainer = replace(trainer, params=trainer.params.model_copy(update={"loss": loss}))
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            train(trainer, rows, self.weights, out, schedule, params.training_seed)
            after = self.bench.right(self.test, self.bench.write(self.test, out, GREEDY))
        against(title, self.before, after)


def main() -> None:
    """Print both tables for the checkpoint `models/<name>`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the checkpoint, as sft")
    parser.add_argument("questions", type=int, help="how many fresh ones, as 1000")
    parser.add_argument("--only", default="", help="words that a training's name holds")
    told = parser.parse_args()
    bench, weights = Bench(load_params()), Path("models") / told.name
    training, dev, test = (
        list(read_records(Path(f"data/raw/{split}.jsonl"), Question))
        for split in ("train", "dev", "test")
    )
    fresh = fresh_questions(training, [*dev, *test], DATABASE, told.questions, seed=5)
    votes, most = majority(bench, fresh, weights)
    own, one = bench.write(fresh, weights, GREEDY), bench.write(fresh, weights, SAMPLED)
    print(f"{len(fresh)} fresh questions, {told.name}:")
    before = bench.right(fresh, own)
    against("greedy", None, before)
    against("one sample", before, bench.right(fresh, one))
    against("majority of nine", before, bench.right(fresh, most))
    sure = [row for row in fresh if votes[row.id] >= AGREE]
    print(f"{len(sure)} with {AGREE} of nine or more; on {len(test)} held-out questions:")
    trainings = Trainings(bench, weights, test, told.only)
    lessons = {
        "its greedy answers": (sure, own),
        "its majority's answers": (sure, most),
        "gold, to all": (fresh, {row.id: str(row.answer) for row in fresh}),
    }
    for title, (rows, texts) in lessons.items():
        examples = [bench.example(row, texts[row.id]) for row in rows]
        trainings.tell(title, "sft", [*examples, *replay(bench, len(examples))])
    results, other = bench.results(sure, most), bench.results(sure, one)
    for rejected, texts, rows in (
        ("greedy", own, [row for row in sure if most[row.id] != own[row.id]]),
        ("one sample", one, [row for row in sure if results[row.id] != other[row.id]]),
    ):
        chosen, against_it = bench.right(rows, most), bench.right(rows, texts)
        print(
            f"{len(rows)} pairs, the majority over {rejected}: "
            f"{sum(chosen.values())} chosen right, {sum(against_it.values())} rejected"
        )
        pairs = [pair(bench.ask(row), most[row.id], texts[row.id]) for row in rows]
        for loss in LOSSES:
            trainings.tell(f"over {rejected}, {loss}", "pairwise", pairs, loss)


def majority(
    bench: Bench, rows: Sequence[Question], weights: Path
) -> tuple[dict[str, int], dict[str, str]]:
    """Of each question how many of nine answers agree, and the text that they agree with."""
    by_id, prompts = {row.id: row for row in rows}, [bench.ask(row) for row in rows]
    count, seed = Tally("self_training", 0.0, len(rows)), bench.params.seed
    found = vote(count, bench.student, bench.verifier, prompts, by_id, weights, VOTED, seed)
    voted = {prompt.id: told for prompt, told in found}
    votes = {row: told.votes for row, told in voted.items()}
    return votes, {row: told.answer.text for row, told in voted.items()}


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
    main()
