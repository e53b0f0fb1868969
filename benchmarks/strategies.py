"""Is the expensive answer right more often? `python -m benchmarks.strategies sft 80`.

In a project with a verifier: a checkpoint answers so many of the training questions that no phase 1
taught it, by each strategy of phase 3, and the verifier says which answers are right. Prints right
answers, McNemar's exact test against greedy, and the measured FLOPs; nothing is trained or kept.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from meteor.core.choice import choose_questions
from meteor.core.jsonl import read_records
from meteor.core.params import load_params
from meteor.core.records import Completion, Draft, Prompt, Question
from meteor.core.roles import Plugin, load_role
from meteor.core.settings import Decoding
from meteor.evaluation.significance import mcnemar
from meteor.models.history import read_history
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.verification.voting import vote

DRAWN = {"samples": 8, "temperature": 1.0, "top_p": 1.0, "top_k": 0}
STRATEGIES: dict[str, dict[str, object]] = {
    "greedy": {"strategy": "greedy"},
    "beam-10": {"strategy": "beam", "num_beams": 10},
    "best of 8, by likelihood": {"strategy": "best_of", **DRAWN},
    "mbr of 8, by words": {"strategy": "mbr", **DRAWN},
    "mbr of 8 and greedy, by result": {"strategy": "mbr", "agreement": "result", **DRAWN},
}


def answers(
    strategy: Decoding, student: Plugin, verifier: Plugin, rows: Sequence[Question], weights: Path
) -> Mapping[str, Completion]:
    """One answer to each question."""
    params = load_params()
    ask = wording.answer(params.domain)
    prompts: list[Prompt] = [ask(question) for question in rows]
    count = Tally("strategies", 0.0, len(rows))
    if strategy.agreement == "result":
        by_id = {question.id: question for question in rows}
        how = (prompts, by_id, weights, strategy, params.seed)
        return {p.id: found.answer for p, found in vote(count, student, verifier, *how)}
    done = count.generate(student, prompts, weights, strategy, params.seed)
    return {prompt.id: completion for prompt, completion in done}


def main(name: str, number: int) -> None:
    """Print the table for the checkpoint `models/<name>`."""
    params, weights = load_params(), Path("models") / name
    student, verifier = load_role("student", params), load_role("verifier", params)
    every = read_records(Path("data/raw/train.jsonl"), Question)
    rows = choose_questions(
        read_history(weights).among("untaught", every), number, params.seed, name
    )
    longest = params.answer.decoding.max_new_tokens
    right: dict[str, list[bool]] = {}
    print(f"| {name}, {len(rows)} questions | right | against greedy | GFLOP an answer |")
    print("| --- | --- | --- | --- |")
    for title, settings in STRATEGIES.items():
        way = Decoding.model_validate({**settings, "max_new_tokens": longest})
        written = answers(way, student, verifier, rows, weights)
        drafts = [Draft(id=row.id, question=row, text=written[row.id].text) for row in rows]
        told = Tally("strategies", 0.0, len(rows)).verify(verifier, drafts)
        passed = {draft.id: bool(verdict.passed) for draft, verdict in told}
        ours = right[title] = [passed[row.id] for row in rows]
        pairs = list(zip(ours, right["greedy"], strict=True))
        gained, lost = pairs.count((True, False)), pairs.count((False, True))
        cost = sum(done.flops or 0.0 for done in written.values()) / len(rows) / 1e9
        p = mcnemar(ours, right["greedy"])
        chance = "" if p is None else f", p = {p:.2g}"
        against = "" if title == "greedy" else f"+{gained} -{lost}{chance}"
        print(f"| {title} | {sum(ours)} of {len(rows)} | {against} | {cost:.0f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
