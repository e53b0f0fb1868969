"""`meteor benchmark`: tasks of lm-eval on checkpoints, put beside the other results.

Needs the extra `benchmark`. Tasks are lm-eval's by name (it downloads their data), or files of your
own in a folder, with data that is on this machine: docs/evaluation.md.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meteor.commands.ask import checkpoint_folder
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.jsonl import write_json
from meteor.core.params import load_params
from meteor.evaluation.benchmarks import Result, benchmarks_beside, read_results, results_table
from meteor.pipeline import arguments_of, written_stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor benchmark`."""
    parser.add_argument("models", nargs="+", help="checkpoints by name, or folders")
    parser.add_argument("--tasks", required=True, help="names of tasks, with commas between")
    parser.add_argument("--task-files", type=Path, metavar="FOLDER", help="YAML files of tasks")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N questions of each task")
    parser.add_argument("--chat", action="store_true", help="ask through the chat template")
    parser.add_argument("--batch-size", type=int, default=8, help="questions side by side")
    parser.add_argument("--device", help="cpu or cuda; without it a GPU if there is one")


def run(arguments: argparse.Namespace) -> None:
    """Run the tasks on each checkpoint, write the results, and print all that there are."""
    if find_spec("lm_eval") is None:
        raise SettingsError(
            "lm-eval is not installed; it is the extra `benchmark`: pip install -e '.[benchmark]'"
        )
    if arguments.task_files and not arguments.task_files.is_dir():
        raise SettingsError(f"{arguments.task_files}: is no folder with YAML files of tasks")
    params = load_params()
    folders = {name: checkpoint_folder(name, params) for name in arguments.models}
    beside = benchmarks_beside(Path(arguments_of(written_stage("score")["cmd"])["out"]))
    for name, folder in folders.items():
        print(f"{name}: {arguments.tasks}", file=sys.stderr)
        found = {result.task: result for result in evaluate(folder, arguments)}
        file = beside / f"{Path(name).name}.json"
        rows = {**read_results(file), **found}
        write_json(file, {task: result.model_dump() for task, result in sorted(rows.items())})
    print("\n".join(results_table(beside)))


def evaluate(folder: Path, arguments: argparse.Namespace) -> Iterator[Result]:
    """The main results of all tasks. Raises MeteorError where lm-eval gives up."""
    import torch
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    files = str(arguments.task_files.resolve()) if arguments.task_files else None
    device = arguments.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        told = simple_evaluate(
            model="hf",
            model_args={
                "pretrained": str(folder),
                "dtype": "float32" if device == "cpu" else "auto",
            },
            tasks=arguments.tasks.split(","),
            task_manager=TaskManager(include_path=files),
            limit=arguments.limit,
            batch_size=arguments.batch_size,
            device=device,
            apply_chat_template=arguments.chat,
            bootstrap_iters=0,
            log_samples=False,
        )
    except Exception as error:
        raise MeteorError(f"lm-eval: {type(error).__name__}: {error}") from error
    for task, values in told["results"].items():
        if task in told["n-samples"]:
            count = told["n-samples"][task]["effective"]
            yield _result(task, values, count, told["configs"][task], arguments)


def _result(
    task: str,
    values: Mapping[str, Any],
    count: int,
    config: Mapping[str, Any],
    arguments: argparse.Namespace,
) -> Result:
    """The first metric of a task, with what shaped it."""
    metrics = {key: v for key, v in values.items() if "," in key and "stderr" not in key}
    key, value = next(iter(metrics.items()))
    return Result(
        task=task,
        metric=key.split(",")[0],
        value=round(float(value), 5),
        questions=count,
        shots=int(config.get("num_fewshot") or 0),
        chat=arguments.chat,
        lm_eval=version("lm_eval"),
    )
