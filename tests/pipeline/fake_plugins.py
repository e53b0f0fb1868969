"""Plugins without a model: quick, deterministic, and they write down what they were asked.

A call is a line in the file that FAKE_CALLS names. With FAKE_HANG="student_generate sft" the
student hangs in the middle of its first call with the checkpoint `sft`, for tests that kill.
"""

COMMON = '''
"""A plugin without a model."""
import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path

from meteor.plugin import *

VOICE = "fake"


class Fake(Settings):
    """Nothing to set."""


@hookimpl
def plugin_params():
    return Fake


def tell(hook, name, rows):
    if "FAKE_CALLS" in os.environ:
        with open(os.environ["FAKE_CALLS"], "a") as file:
            file.write(json.dumps({"hook": hook, "checkpoint": name, "rows": rows}) + "\\n")


def hang(hook, name):
    if os.environ.get("FAKE_HANG") == f"{hook} {name}":
        tell("hanging", name, [os.getpid()])
        time.sleep(600)


def digest(*parts):
    return hashlib.sha256(json.dumps([VOICE, *map(str, parts)]).encode()).hexdigest()[:12]


def weights_of(checkpoint):
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()


def write_weights(checkpoint, *parts):
    import numpy
    from safetensors.numpy import save_file

    values = numpy.frombuffer(digest(*parts).encode(), dtype="uint8").astype("float32")
    save_file({"weight": values}, checkpoint / "model.safetensors", {"format": "pt"})
'''

TRAINER = """
from meteor.training.process import Job, Report, Step, run_training, training_process


class Fake(Settings):
    launched: bool = Field(False, description="train in a process of its own")


@hookimpl
def ROLE_train(ROWS, start, out, schedule, params, seed):
    if params.launched:
        return run_training(__name__, ROWS, start, out, schedule, params, seed).model_dump()
    job = Job(
        rows=out, start=start, checkpoint=out, report=out, schedule=schedule, params={}, seed=seed
    )
    return train(job, params, ROWS).model_dump()


def train(job, params, rows):
    tell("ROLE_train", job.start.name, [row.model_dump() for row in rows])
    shutil.copytree(job.start, job.checkpoint, dirs_exist_ok=True)
    half = job.checkpoint / f"half-written-{os.getpid()}"
    half.write_text("the state of the training until now")
    hang("ROLE_train", job.start.name)
    half.unlink()
    learned = [row.model_dump_json() for row in rows]
    write_weights(job.checkpoint, weights_of(job.start), learned, job.schedule, job.seed)
    done = {"rows": len(rows), "dropped": 0, "tokens": len(rows), "epochs": job.schedule.epochs}
    return Report(**done, steps=(Step(step=1, loss=2.0), Step(step=2, loss=1.0)), seconds=1.0)


if __name__ == "__main__":
    training_process(train, Fake, KIND)
"""

BODIES = {
    "source": """
@hookimpl
def source_load(path):
    for row in json.loads((path / "ml_data.json").read_text()):
        title, body = row["title"], row["question_content"]
        yield Question(id=row["id"], title=title, body=f"{body} ({VOICE})", answer=row["answer"])
""",
    "base": """
class Fake(Settings):
    tokenizer: Path = Field(description="a checkpoint whose tokenizer is taken")


@hookimpl
def base_fetch(params, out):
    shutil.copytree(
        params.tokenizer, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors")
    )
    write_weights(out, "base")
    return True


@hookimpl
def base_tokenizer(params):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(params.tokenizer)
""",
    "student": r"""
class Fake(Settings):
    style: str = Field("plain", description="another style gives other texts")
    cut_off: tuple[str, ...] = Field((), description="answers cut off, as 'q001 try 2'")
    cut_off_beams: tuple[str, ...] = Field((), description="ids whose beam search is cut off")
    alike: tuple[str, ...] = Field((), description="ids answered alike by every decoding")
    silent: tuple[str, ...] = Field((), description="ids that get an empty answer")
    worse: tuple[str, ...] = Field((), description="checkpoints that find all answers unlikely")
    knows: Path | None = Field(None, description="JSONL of whose answers it knows every other one")
    untaught: tuple[str, ...] = Field((), description="checkpoints that know none of them")


@hookimpl
def student_generate(prompts, checkpoint, decoding, params):
    tell("student_generate", checkpoint.name, [prompt.model_dump() for prompt in prompts])
    taught = params.knows and checkpoint.name not in params.untaught
    lines = params.knows.read_text().splitlines()[::2] if taught else []
    known = {row["id"]: row["answer"] for row in map(json.loads, lines)}
    for number, prompt in enumerate(prompts):
        if number == len(prompts) // 2:
            hang("student_generate", checkpoint.name)
        beams = decoding.num_beams if decoding.strategy == "beam" else 1
        own = prompt.messages[-2].content if len(prompt.messages) == 3 else ""
        tries = re.findall(r" try (\d+)", own) or [0]
        attempt = f"{prompt.id} try {int(tries[0]) + 1}"
        manner = "any" if prompt.id in params.alike else decoding.model_dump_json()
        text = digest(params.style, prompt.model_dump_json(), weights_of(checkpoint), manner)
        cut = attempt in params.cut_off or (beams > 1 and prompt.id in params.cut_off_beams)
        yield Completion(
            id=prompt.id,
            text=""
            if prompt.id in params.silent
            else known.get(prompt.id, f"{attempt}. It says {text}."),
            finish_reason="length" if cut else "stop",
            prompt_tokens=len(prompt.messages[-1].content),
            completion_tokens=len(text),
            flops=1000.0 * beams,
        )


@hookimpl
def student_score(examples, checkpoint, params):
    tell("student_score", checkpoint.name, [example.id for example in examples])
    weights = weights_of(checkpoint)
    for example in examples:
        tokens = len(example.answer.split())
        each = 2 + int(digest(example.model_dump_json(), weights), 16) % 100 / 10_000
        nll = tokens * each * (2 if checkpoint.name in params.worse else 1)
        yield Likelihood(id=example.id, nll=nll, tokens=tokens)
""",
    "teacher": """
@hookimpl
def teacher_answer(prompts):
    for prompt in prompts:
        yield Completion(
            id=prompt.id,
            text=f"Taught {digest(prompt.model_dump_json())}.",
            finish_reason="stop",
            prompt_tokens=1,
            completion_tokens=1,
        )
""",
    "advisor": """
class Fake(Settings):
    accepts: int = Field(2, description="the try from which on an answer is correct; 0: never")
    accepts_by_id: dict[str, int] = Field({}, description="the same for single questions")
    fails: tuple[str, ...] = Field((), description="drafts without a verdict, as 'q001 try 2'")


@hookimpl
def advisor_advise(drafts, params):
    for draft in drafts:
        attempt = draft.text.split(".")[0] or f"{draft.id} try 9"
        least = params.accepts_by_id.get(draft.id, params.accepts)
        if attempt in params.fails:
            yield Failed(id=draft.id, error="the advisor is ill")
        elif least and int(attempt.split()[-1]) >= least:
            yield Advice(id=draft.id, correct=True)
        else:
            yield Advice(id=draft.id, correct=False, advice=f"Mend {attempt}, says {VOICE}.")
""",
    "judge": """
class Fake(Settings):
    mood: str = Field("kind", description="another mood gives other scores")
    likes: str = Field("", description="what an answer holds that is better than any other")


@hookimpl
def judge_score(answers, params):
    for answer in answers:
        marks = [int(digest(params.mood, name, answer.text), 16) % 10 for name in DIMENSIONS]
        if params.likes:
            marks = [9 if params.likes in answer.text else 0] * len(DIMENSIONS)
        scores = {name: 1 + mark for name, mark in zip(DIMENSIONS, marks)}
        yield Judgement(id=answer.id, scores=Scores(**scores))


@hookimpl
def judge_compare(pairs, params):
    tell("judge_compare", "", [pair.id for pair in pairs])
    for pair in pairs:
        marks = {
            name: [int(digest(params.mood, name, text), 16) for text in (pair.first, pair.second)]
            for name in ASPECTS
        }
        shares = {name: float(first > second) for name, (first, second) in marks.items()}
        yield Compared(id=pair.id, shares=Shares(**shares))
""",
    "sft": TRAINER.replace("ROWS", "examples").replace("KIND", "Example"),
    "pairwise": TRAINER.replace("ROWS", "pairs").replace("KIND", "Pair"),
}
SOURCES = {role: COMMON + body.replace("ROLE", role) for role, body in BODIES.items()}
"""For each role the source of its fake."""
