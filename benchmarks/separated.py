"""What it costs to read a table of separated values, by library: `python -m benchmarks.separated
[ROWS]`, each in a process of its own.

Each reader gives every row as an object of texts, as the stage `ingest` needs it, or tells the
dialect or the encoding of the whole file. A library that is not installed is left out.
"""

import csv
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.ingest import write_csv

BLOCK = 2**20
"""Bytes that pyarrow reads at a time."""


def main() -> None:
    """Generate a table and print a line for each reader; or be the process of one of them."""
    if sys.argv[1:2] == ["run"]:
        print(READERS[sys.argv[2]](Path(sys.argv[3])))
        return
    rows = int((*sys.argv[1:], "1000000")[0])
    with tempfile.TemporaryDirectory(prefix="meteor-benchmark-") as folder:
        file = Path(folder) / "rows.csv"
        write_csv(file, rows)
        print(f"{file.stat().st_size / 1e6:.0f} MB, {rows} rows")
        for name in READERS:
            library = name.partition(" ")[0]
            if library == "meteor" or importlib.util.find_spec(library):
                measure(name, file)
            else:
                print(f"{name:36} not installed")


def measure(name: str, file: Path) -> None:
    """Print the seconds of a core and the largest memory of a reader in its own process."""
    command = [sys.executable, "-m", "benchmarks.separated", "run", name, str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read().strip() if process.stdout else ""
    _, _, used = os.wait4(process.pid, 0)
    seconds = used.ru_utime + used.ru_stime
    print(f"{name:36} {seconds:6.1f} s {used.ru_maxrss / 1024:6.0f} MiB  {said}", flush=True)


def counted(rows: Iterable[Any]) -> str:
    """How many rows there are, of which one is held at a time."""
    return f"{sum(isinstance(row, dict) for row in rows)} rows"


def by_meteor(file: Path) -> str:
    """The reader of the source `table`: any dialect and encoding; a broken row costs itself."""
    from meteor.sources.separated import rows_of

    return counted(row for _, row in rows_of(file))


def by_csv(file: Path) -> str:
    """Python's reader, told all."""
    with file.open(encoding="utf-8", newline="") as lines:
        return counted(csv.DictReader(lines))


def by_pyarrow(file: Path) -> str:
    """Arrow's stream of batches, told that all is text."""
    import pyarrow
    from pyarrow import csv as arrow

    names = next(csv.reader(file.open(encoding="utf-8")))
    types = dict.fromkeys(names, pyarrow.string())
    how = arrow.ReadOptions(block_size=BLOCK, use_threads=False)
    with arrow.open_csv(
        file,
        read_options=how,
        parse_options=arrow.ParseOptions(newlines_in_values=True),
        convert_options=arrow.ConvertOptions(column_types=types),
    ) as batches:
        return counted(row for batch in batches for row in batch.to_pylist())


def by_polars(file: Path) -> str:
    """Polars' table, whole in memory, row by row."""
    import polars

    return counted(polars.read_csv(file, infer_schema=False).iter_rows(named=True))


def by_clevercsv(file: Path) -> str:
    """CleverCSV's reader, told all."""
    import clevercsv

    with file.open(encoding="utf-8", newline="") as lines:
        return counted(clevercsv.DictReader(lines, delimiter=",", quotechar='"'))


def dialect_by_meteor(file: Path) -> str:
    """The dialect, from the first 200 lines."""
    from itertools import islice

    from meteor.sources.separated import SNIFFED, dialect_of

    with file.open(encoding="utf-8", newline="") as lines:
        return str(dialect_of(list(islice(lines, SNIFFED))))


def dialect_by_clevercsv(file: Path) -> str:
    """The dialect, from as many lines."""
    from itertools import islice

    import clevercsv

    with file.open(encoding="utf-8", newline="") as lines:
        return repr(clevercsv.Sniffer().sniff("".join(islice(lines, 200))))


def encoding_by_meteor(file: Path) -> str:
    """The encoding: all of the file is looked at, what is not UTF-8 by charset-normalizer."""
    from meteor.sources.encodings import encoding_of

    return encoding_of(file)


def encoding_by_charset_normalizer(file: Path) -> str:
    """The encoding, by charset-normalizer alone, which takes the whole file."""
    from charset_normalizer import from_path

    return str(getattr(from_path(file).best(), "encoding", None))


READERS: dict[str, Callable[[Path], str]] = {
    "meteor rows": by_meteor,
    "csv rows": by_csv,
    "pyarrow rows": by_pyarrow,
    "polars rows": by_polars,
    "clevercsv rows": by_clevercsv,
    "meteor dialect": dialect_by_meteor,
    "clevercsv dialect": dialect_by_clevercsv,
    "meteor encoding": encoding_by_meteor,
    "charset_normalizer encoding": encoding_by_charset_normalizer,
}

if __name__ == "__main__":
    main()
