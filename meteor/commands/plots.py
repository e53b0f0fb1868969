"""`meteor plots`: let `dvc plots show` work without a network, in this clone, from now on.

The page that DVC fills is written with the chart library inline, as the package vl-convert carries
it, so that nothing of a megabyte lies in git.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.jsonl import replacing

VEGA_LITE = "5.21"
"""The version that DVC's own templates and those of this project are written for."""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>METEOR plots</title>
{refresh_tag}
<style>body { font: 16px/1.5 system-ui, sans-serif; margin: 20px; }</style>
<script>(() => { BUNDLE })();</script>
</head>
<body>
<h1>METEOR plots</h1>
{plot_divs}
</body>
</html>
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor plots`: it has no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Write the page beside DVC's own files and name it in this clone's DVC settings."""
    folder = Path(".dvc")
    if not folder.is_dir():
        raise MeteorError("meteor plots: there is no .dvc here; run it in the project's root")
    with replacing(folder / "tmp" / "plots.html") as file:
        file.write(offline_page())
    command = [sys.executable, "-m", "dvc", "config", "--local", "plots.html_template"]
    if subprocess.run([*command, "tmp/plots.html"], check=False).returncode:
        raise MeteorError("meteor plots: `dvc config` failed")
    print("`dvc plots show` works without a network now, in this clone.")


def offline_page() -> str:
    """The page with the places that DVC fills."""
    import vl_convert

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
    return PAGE.replace("BUNDLE", bundle.replace("</script", "<\\/script"))
