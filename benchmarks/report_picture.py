"""The picture of the report in the README: `python -m benchmarks.report_picture metrics/report.html
docs/report.png`.

Opens the page in headless Chromium at 1280 pixels, in the light style, and takes its top.
"""

import shutil
import sys
from pathlib import Path

LIMIT = 200_000
"""Bytes; a larger picture does not belong in git."""


def main() -> None:
    """Take the picture; a picture above the limit is an error."""
    from playwright.sync_api import sync_playwright

    page_file, out = map(Path, sys.argv[1:])
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1180}, color_scheme="light")
        page.goto(page_file.resolve().as_uri())
        page.wait_for_selector("#list li")
        page.screenshot(path=out)
        browser.close()
    size = out.stat().st_size
    print(f"{out}: {size / 1000:.0f} kB")
    if size > LIMIT:
        sys.exit(f"{out} is larger than {LIMIT / 1000:.0f} kB; make the window smaller")


if __name__ == "__main__":
    main()
