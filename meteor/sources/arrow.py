"""Rows of Arrow's columns: Parquet, Feather, the streams that `datasets` writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.bounded import most_bytes, too_much
from meteor.sources.values import shortened

FEATHER = b"ARROW1"
BATCH = 250
"""Rows of a Parquet file in memory."""


def of_parquet(file: Path) -> Iterator[tuple[int, Any]]:
    """The rows of a Parquet file. Raises MeteorError where it cannot be read."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as table:
            number, left = 0, most_bytes(file)
            groups = (table.metadata.row_group(at) for at in range(table.num_row_groups))
            if sum(group.total_byte_size for group in groups) > left:
                raise too_much(file)
            for batch in table.iter_batches(batch_size=BATCH):
                left -= sum(_decoded(column).nbytes for column in batch.columns)
                if left < 0:
                    raise too_much(file)
                for number, row in enumerate(batch.to_pylist(), start=number + 1):  # noqa: B020
                    yield number, row
    except (pyarrow.ArrowException, OSError) as error:
        raise MeteorError(f"{file}: cannot be read: {shortened(str(error))}") from None


def _decoded(column: Any) -> Any:
    """A column in which a value that stood once for many rows stands in each of them."""
    return getattr(column, "dictionary_decode", lambda: column)()


def of_arrow(file: Path) -> Iterator[tuple[int, Any]]:
    """The rows of Arrow's file format, which is Feather's, or of its stream, that of `datasets`.
    Raises MeteorError where it cannot be read.
    """
    import pyarrow
    from pyarrow import ipc

    try:
        with pyarrow.memory_map(str(file)) as data:
            start = data.read(len(FEATHER))
            data.seek(0)
            left, number = most_bytes(file), 0
            for batch in _batches(
                ipc.open_file(data) if start == FEATHER else ipc.open_stream(data)
            ):
                left -= sum(_decoded(column).nbytes for column in batch.columns)
                if left < 0:
                    raise too_much(file)
                for at in range(0, batch.num_rows, BATCH):
                    rows = batch.slice(at, BATCH).to_pylist()
                    yield from enumerate(rows, start=number + at + 1)
                number += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise MeteorError(f"{file}: cannot be read: {shortened(str(error))}") from None


def _batches(reader: Any) -> Iterator[Any]:
    """The batches of a file or of a stream of Arrow."""
    if not hasattr(reader, "num_record_batches"):
        yield from reader
        return
    for at in range(reader.num_record_batches):
        yield reader.get_batch(at)
