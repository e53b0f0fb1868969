"""How the report bears 2,000 questions and 6 checkpoints: `python -m benchmarks.report_size`.

Writes a made-up run into a temporary folder, renders it, opens it in headless Chromium, and prints
the file's size, the time to render, to the first paint, and to filter and search.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from meteor.report.page import write_report
from tests.report.runs import lineage, paths, write_checkpoint, write_questions, write_training

QUESTIONS, WORDS = 2000, 150
CHECKPOINTS = ("base", "sft", "r1", "r2", "t1", "t2")


def main() -> None:
    """Print one figure a line."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        questions = write_questions(folder, QUESTIONS, words=60)
        for level, checkpoint in enumerate(CHECKPOINTS):
            write_checkpoint(folder, checkpoint, questions, 3.0 + level, words=WORDS)
        write_training(folder, questions[:20])
        start = time.monotonic()
        out = folder / "report.html"
        write_report(paths(folder), CHECKPOINTS, ["r1"], (), lineage(folder), out)
        print(f"rendered in {time.monotonic() - start:.1f} s, {out.stat().st_size / 1e6:.1f} MB")
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(out.as_uri())
        page.wait_for_selector("#list li")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        ready = page.evaluate("performance.timing.domInteractive - performance.timing.fetchStart")
        print(f"first paint {paint:.0f} ms, whole page {ready} ms")
        page.wait_for_timeout(3000)
        for order in ("gain", "loss", "flips", "unjudged", "input"):
            page.select_option("#order", order)
        for text in ("experts", "zebra", "t2: model", "question 1999", ""):
            page.fill("#search", text)
            page.wait_for_timeout(300)
        took = page.evaluate("performance.getEntriesByName('filtered').map(e => e.duration)")
        print(
            f"filter and search: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms"
        )


if __name__ == "__main__":
    main()
