"""A real browser: the one that is installed, driven without a network."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meteor.report.page import write_report
from tests.report.runs import (
    HOSTILE,
    lineage,
    paths,
    write_checkpoint,
    write_questions,
    write_training,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHECKPOINTS = ("base", "sft", "r1")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless: METEOR_BROWSER or the first of BROWSERS on the PATH."""
    found = os.environ.get("METEOR_BROWSER") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    if found is None:
        pytest.skip("no Chromium on the PATH (apt-get install chromium; METEOR_BROWSER names one)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]
        opened = driver.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small run with all of its parts, and with hostile answers."""
    folder = tmp_path_factory.mktemp("run")
    questions = write_questions(folder, 30)
    hostile = questions[0].model_copy(
        update={"title": HOSTILE, "category": "<img src=x onerror='window.hacked=4'>"}
    )
    questions = [hostile, *questions[1:]]
    from meteor.core.jsonl import write_records

    write_records(paths(folder).questions, questions)
    texts = {"q0000": HOSTILE, "q0001": "unbroken" * 12_800}
    for level, name in enumerate(CHECKPOINTS):
        write_checkpoint(folder, name, questions, 4.0 + level, texts=texts)
    write_training(folder, questions[:5])
    out = folder / "report.html"
    write_report(paths(folder), CHECKPOINTS, ["r1"], (), lineage(folder), out)
    return out
