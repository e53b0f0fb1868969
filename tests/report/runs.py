"""Runs of any size, written as the stages write them, for the report to show."""

from collections.abc import Sequence
from pathlib import Path

from meteor.core.jsonl import write_json, write_records
from meteor.core.judgements import Judgement, Preference, Scores, Shares
from meteor.core.records import Answer, Attempt, Likelihood, Question, Refinement
from meteor.pipeline import Lineage, Locked
from meteor.report.gathering import Paths

WORDS = ("the", "model", "learns", "from", "answers", "that", "experts", "correct", "and", "keep")
HOSTILE = (
    "</script><script>window.hacked = 1</script></textarea><img src=x onerror='window.hacked=2'>"
    "<a href='javascript:window.hacked=3'>link</a> \u202eright to left override"
)


def paths(folder: Path) -> Paths:
    """Where the files of a run lie below a folder."""
    return Paths(
        questions=folder / "test.jsonl",
        answers=folder / "answers",
        judgements=folder / "judgements",
        preferences=folder / "preferences",
        likelihoods=folder / "likelihoods",
        verdicts=folder / "verdicts",
        refinements=folder / "iterative",
        rows=folder / "rows",
        training=folder / "training",
        strategies=folder / "pairs",
        gates=folder / "gates",
        health=folder / "judge.json",
        quality=folder / "data_quality.json",
    )


def lineage(folder: Path) -> Lineage:
    """What dvc.lock would say: of the round r1 and its data, and of all answers and verdicts."""
    files = paths(folder)
    made = [
        Locked("ingest", "ingest --out made/train.jsonl", {}, {"made/train.jsonl": "1" * 32}),
        Locked(
            "iterate@r1",
            "iterate --questions made/train.jsonl --checkpoint made/r1",
            {"made/train.jsonl": "1" * 32},
            {"made/r1": "5" * 32, str(files.refinements / "r1.jsonl"): "6" * 32},
        ),
    ]
    for room in (files.answers, files.judgements, files.preferences):
        out = str(room / "r1.jsonl")
        made.append(Locked(room.name, f"x --checkpoint made/r1 --out {out}", {}, {out: "7" * 32}))
    return Lineage({stage.name: stage for stage in made})


def write_questions(folder: Path, count: int, words: int = 20) -> list[Question]:
    """`count` questions of two categories."""
    questions = [
        Question(
            id=f"q{n:04}",
            title=f"Question {n} about {WORDS[n % len(WORDS)]}",
            body=prose(n, words),
            category=("cv", "nlp")[n % 2],
            answer=prose(n + 1, words * 3),
        )
        for n in range(count)
    ]
    write_records(paths(folder).questions, questions)
    return questions


def prose(seed: int, words: int) -> str:
    """Words that differ from one seed to the next."""
    return " ".join(f"{WORDS[(seed * 7 + i * i) % len(WORDS)]}" for i in range(words))


def write_checkpoint(
    folder: Path,
    name: str,
    questions: Sequence[Question],
    level: float,
    words: int = 60,
    texts: dict[str, str] | None = None,
    judged: bool = True,
) -> None:
    """Answers of one checkpoint, and the verdicts on them, about `level` of 10. Every seventh
    verdict against base flips with the order, and the first question stays unjudged.
    """
    files = paths(folder)
    answers = [
        Answer(
            id=question.id,
            question=question,
            text=(texts or {}).get(question.id, f"{name}: {prose(n, words)}"),
            finish_reason="stop",
            tokens=words,
            flops=1e11 + n,
            reference_nll=30.0 - level,
            reference_tokens=10,
        )
        for n, question in enumerate(questions)
    ]
    write_records(files.answers / f"{name}.jsonl", answers)
    write_records(
        files.likelihoods / f"{name}.jsonl",
        [Likelihood(id=f"g{n}", nll=30.0 + level + n % 3, tokens=10) for n in range(12)],
    )
    if not judged:
        return
    score = [min(10.0, max(1.0, level + (n % 9) / 3 - 1)) for n in range(len(questions))]
    write_records(
        files.judgements / f"{name}.jsonl",
        [
            Judgement(
                id=question.id,
                scores=Scores(
                    accuracy=score[n],
                    completeness=score[n],
                    relevance=score[n],
                    coherence=score[n],
                    reliability=score[n],
                ),
                reasons={"accuracy": f"because of {WORDS[n % len(WORDS)]}"},
            )
            for n, question in enumerate(questions)
            if n
        ],
    )
    write_records(
        files.preferences / f"{name}.jsonl",
        [
            Preference(
                id=question.id,
                against="base",
                first=shares(1.0),
                second=shares(0.0 if n % 7 == 0 else 1.0),
            )
            for n, question in enumerate(questions)
        ],
    )


def shares(value: float) -> Shares:
    """The same share in all aspects."""
    return Shares(
        accuracy=value,
        completeness=value,
        relevance=value,
        coherence=value,
        reliability=value,
        overall=value,
    )


def write_training(folder: Path, questions: Sequence[Question]) -> None:
    """A round of phase 2 with its attempts, summaries of rows, and losses."""
    files = paths(folder)
    wrong = Attempt(text="a draft", finish_reason="stop", correct=False, advice="say why")
    right = Attempt(text="a better one", finish_reason="stop", correct=True, advice="")
    write_records(
        files.refinements / "r1.jsonl",
        [
            Refinement(id=q.id, question=q, attempts=(wrong, right), accepted=True, weights=0)
            for q in questions
        ],
    )
    rows = {"in": 10, "out": 8, "rejected": 1, "failed": 1}
    failed = [{"id": "q7", "error": "the endpoint said no"}]
    write_json(
        files.rows / "distill.json",
        {"rows": rows, "rejected": {"too long": 1}, "failed": failed},
    )
    write_json(
        files.rows / "finetune.json",
        {
            "rows": {"in": 8, "out": 8, "rejected": 0, "failed": 0},
            "seconds": 90.0,
            "trainings": [{"steps": 2, "flops": 2e12}, {"steps": 1, "flops": 3e12}],
        },
    )
    files.training.mkdir(parents=True)
    write_json(
        files.health,
        {
            "judge": "reference",
            "passed": True,
            "controls": [{"control": "shuffled", "pairs": 9, "real_wins": 0.9}],
            "inconsistent": 0.1,
        },
    )
    write_json(files.quality, {"applicable": False, "why": "the answers are the same"})
    write_json(files.gates / "r1.json", {"dev_nll": 2.5, "refused": 0})
    files.strategies.mkdir()
    (files.strategies / "t1.csv").write_text(
        "turn,strategy,tflops,score,answers\nt1,beam-10,0.65,6.5,8\nt1,greedy,0.07,6.1,8\n"
    )
    (files.training / "sft.csv").write_text("step,loss\n1,3.5\n2,2.5\n3,2.25\n")
