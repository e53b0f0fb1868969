"""`meteor import-run`: what the authors' scripts have written, as records of this project."""

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from meteor.commands.authors.run import Run
from meteor.core.errors import MeteorError
from meteor.core.folders import require_plain
from meteor.core.jsonl import replacing, write_json, write_records
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.core.sections import Duplicates
from meteor.core.shown import one_line
from meteor.running.tally import Tally

LONGEST_NAME = 100
"""Characters of a model's name that its file is called by."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor import-run`."""
    parser.add_argument("folder", type=Path, help="where the scripts' outputs lie")
    parser.add_argument(
        "--beside",
        type=Path,
        help="folder for what no stage takes up: answers of phase 2, evaluations "
        "(default: FOLDER/records)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    from meteor.pipeline import resolved_stages

    if not arguments.folder.is_dir():
        raise MeteorError(f"{arguments.folder}: no such folder")
    require_plain(arguments.folder)
    beside: Path = arguments.beside or arguments.folder / "records"
    if beside.exists() and not beside.is_dir():
        raise MeteorError(f"{beside}: is no folder; name another one with --beside")
    params = load_params()
    imported = Run(params.cleaning)
    imported.read(arguments.folder)
    _print_counts(imported.counts)
    for name in imported.passed_over:
        print(f"{one_line(name)}: passed over, its fields are those of no script")
    paths = resolved_stages()
    train, test = splits(imported, params.duplicates)
    done = _write_stages(imported, train, test, paths)
    _write_beside(imported, beside)
    print(f"\n{len(train)} questions to train on, {len(test)} held out; beside them: {beside}")
    print("The stages that are done already are told to DVC by:")
    print(f"  dvc repro base && dvc commit --force {' '.join(done)}")
    print("After that `dvc repro` goes on with what follows.")


def _print_counts(counts: dict[str, Counter[str]]) -> None:
    for name, count in counts.items():
        print(f"{one_line(name)}: {count['rows']} rows")
        for what, rows in sorted(count.items()):
            if what != "rows":
                print(f"  {rows:6} {what}")


def splits(imported: Run, duplicates: Duplicates) -> tuple[list[Question], list[Question]]:
    """Train: what was taught, or else what has a guideline. Test: the test file, or else what is
    neither; without what is near a question that trains, whose answer is paid already.
    """
    taught = imported.distilled or imported.guidelines
    train = [imported.questions[identifier] for identifier in taught]
    test = list(imported.tests.values())
    if not test:
        tried = {row.question.id for row in imported.refinements}
        tried |= {row.question.id for row in imported.unclear}
        taken = tried | imported.guidelines.keys()
        test = [imported.questions[name] for name in imported.candidates if name not in taken]
        if test:
            print("There is no test file: the questions without a guideline are held out.")
    apart = _apart(train, test, duplicates)
    if len(apart) < len(test):
        print(f"{len(test) - len(apart)} held-out questions are near one that trains: left out.")
    test = apart
    if not train:
        raise MeteorError("no question with a guideline was found, so there is nothing to go on")
    if not test:
        raise MeteorError(
            "there is no test question; put the test file (JSON Lines with question_content), or "
            "the whole <category>_data.json, into the folder"
        )
    return train, test


def _apart(train: list[Question], test: list[Question], duplicates: Duplicates) -> list[Question]:
    """The held-out questions that are not near one that trains, by `duplicates.held_out`."""
    from meteor.sources.duplicates import Census
    from meteor.sources.sides import SPLITS

    settings = duplicates.model_copy(update={"near": None})
    with tempfile.TemporaryDirectory(prefix="meteor-") as folder:
        census = Census(Path(folder), settings, lambda _: "train")
        # What trains stays here, so it takes the part that held-out questions have in `ingest`.
        for split, questions in (("test", train), ("train", test)):
            for question in questions:
                census.add(question.model_copy(update={"split": split}))
        verdicts = census.judge().tolist()[len(train) :]
    return [question for question, code in zip(test, verdicts, strict=True) if code < len(SPLITS)]


def _write_stages(
    imported: Run, train: list[Question], test: list[Question], paths: Mapping[str, dict[str, str]]
) -> list[str]:
    """Write what the first stages would have written; return the stages."""
    from meteor.sources.data_card import Card

    at = {name: Path(path) for name, path in paths["ingest"].items()}
    card = Card("the authors' scripts")
    for split, questions in (("train", train), ("dev", []), ("test", test)):
        write_records(at[split], questions)
        for question in questions:
            card.add(question, split)
    rows = _close("ingest", len(train) + len(test), at["summary"])
    card.write(at["card"], rows, {})
    card.write_lengths(at["lengths"])
    done = ["ingest"]
    for stage, records in (("guideline", imported.guidelines), ("distill", imported.distilled)):
        kept = [records[question.id] for question in train if question.id in records]
        if kept:
            write_records(Path(paths[stage]["out"]), kept)
            _close(stage, len(kept), Path(paths[stage]["summary"]))
            done.append(stage)
    return done


def _close(stage: str, rows: int, summary: Path) -> dict[str, int]:
    count = Tally(stage, 0.0, rows_in=rows, rows_out=rows)
    count.close(summary, imported=True)
    return count.sums()


def _write_beside(imported: Run, folder: Path) -> None:
    """Write what belongs to no stage, since the weights that wrote it are not here."""
    with replacing(folder / "refinements.jsonl") as out:
        # Not write_records' reader: one question may have several rows, one for each answer.
        out.writelines(f"{row.model_dump_json()}\n" for row in imported.refinements)
    write_json(
        folder / "unknown.json",
        [
            {"id": row.question.id, "answer": row.answer, "evaluation": row.evaluation}
            for row in imported.unclear
        ],
    )
    for model, name in file_names(imported.judgements).items():
        write_records(folder / "judgements" / f"{name}.jsonl", imported.judgements[model])


def file_names(models: Iterable[str]) -> dict[str, str]:
    """A name for the file of each model, whatever a model is called: `--` for what no name of a
    file should have, and a number where two models would have the same.
    """
    names: dict[str, str] = {}
    for model in models:
        plain = re.sub(r"[^\w.@+-]+", "--", model.replace("/", "--"), flags=re.ASCII)
        plain = plain.strip(".-")[:LONGEST_NAME] or "model"
        tried = (plain, *(f"{plain}-{number}" for number in range(2, len(names) + 3)))
        names[model] = next(name for name in tried if name not in names.values())
    return names
