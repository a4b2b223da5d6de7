"""Reads a predictions file: bytes that a hostile program may have written, taken as data and as nothing else.

One interpretation, no leniency that could be argued about: plain UTF-8 CSV, ids as exact text, plain decimals. Messages
may quote the file itself (shortened) and the opaque ids of inputs, which every program has; never an answer.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .contract import INTEGER, Column, Contract
from .faults import InvalidPredictions

MAX_RECORD_CHARACTERS = 4 * 1024 * 1024
MAX_FIELD_CHARACTERS = 64 * 1024
MAX_MAGNITUDE = 1e100
"""Larger numbers could overflow a metric's squares."""
ROW_SUM_TOLERANCE = 1e-3

DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
NOT_TEXT = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"\x93NUMPY": "a numpy array",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True)
class Predictions:
    """Values in the order of the expected ids: one array for each value column (float64, int64 or object of str)."""

    columns: dict[str, np.ndarray]

    def at(self, rows: np.ndarray) -> "Predictions":
        """The part that belongs to the given positions."""
        return Predictions({name: values[rows] for name, values in self.columns.items()})


def quoted(text: str, limit: int = 40) -> str:
    """Somebody else's text in a message of ours: shortened, on one line, unmistakably quoted."""
    return ascii(text if len(text) <= limit else text[: limit - 1] + "…").replace("\\u2026", "...")


def parse(content: bytes, contract: Contract, expected_ids: Sequence[str]) -> Predictions:
    """Validates the whole file, whatever split is to be scored.

    expected_ids: every id of the inputs that were given, in their order (which matters to `align: position` only).
    Raises InvalidPredictions with the first thing that is wrong and how to mend it.
    """
    names, rows = _table(content, contract, len(expected_ids))
    positions = [names.index(column.name) for column in contract.columns]
    if contract.align == "id":
        place = _places([row[names.index(contract.id_column or "")] for row in rows], expected_ids)
    else:
        if len(rows) != len(expected_ids):
            raise InvalidPredictions(
                f"the file has {len(rows)} rows, the inputs have {len(expected_ids)}: "
                "write one row for each row of the inputs, in their order"
            )
        place = np.arange(len(rows))
    columns: dict[str, np.ndarray] = {}
    for column, position in zip(contract.columns, positions, strict=True):
        values = _values([row[position] for row in rows], column)
        columns[column.name] = np.empty_like(values)
        columns[column.name][place] = values
    predictions = Predictions(columns)
    if contract.row_sum is not None:
        check_row_sums(predictions, contract.columns, contract.row_sum)
    return predictions


def check_row_sums(predictions: Predictions, columns: Sequence[Column], expected: float) -> None:
    """Every row's values must sum to what the manifest says, within 1e-3."""
    sums = np.sum([predictions.columns[column.name] for column in columns], axis=0)
    wrong = np.flatnonzero(np.abs(sums - expected) > ROW_SUM_TOLERANCE)
    if wrong.size:
        raise InvalidPredictions(
            f"in {wrong.size} of {sums.size} rows the values do not sum to {expected:g} "
            f"(one sums to {sums[wrong[0]]:.6g}): normalise every row"
        )


def _table(content: bytes, contract: Contract, expected_rows: int) -> tuple[list[str], list[list[str]]]:
    """Header names and the rows after it, all of the header's width."""
    if len(content) > contract.max_bytes:
        raise InvalidPredictions(f"the file is larger than the allowed {contract.max_bytes} bytes")
    for magic, kind in NOT_TEXT.items():
        if content.startswith(magic):
            raise InvalidPredictions(f"the file is {kind}: write plain CSV text in UTF-8")
    try:
        text = content.decode("utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidPredictions(f"the file is not UTF-8 text (byte {error.start})") from None
    if "\0" in text:
        raise InvalidPredictions("the file holds NUL bytes: write plain CSV text in UTF-8")
    records = _records(text)
    names = next(records, None)
    if names is None:
        raise InvalidPredictions("the file is empty: write a header row and one row for each row of the inputs")
    _check_header(names, contract)
    rows: list[list[str]] = []
    limit = 2 * expected_rows + 1000
    for row in records:
        if len(row) != len(names):
            raise InvalidPredictions(
                f"data row {len(rows) + 1} has {len(row)} fields, the header has {len(names)}: "
                "quote fields that hold a comma or a line break"
            )
        rows.append(row)
        if len(rows) > limit:
            raise InvalidPredictions(f"the file has more than {limit} rows, the inputs have {expected_rows}")
    return names, rows


def _records(text: str) -> Iterator[list[str]]:
    """CSV records, blank lines at the end left out. No record and no field can grow without bound."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    since_record = 0

    def lines() -> Iterator[str]:
        nonlocal since_record
        for line in io.StringIO(text, newline=""):
            since_record += len(line)
            if since_record > MAX_RECORD_CHARACTERS:
                raise InvalidPredictions(f"one row is longer than {MAX_RECORD_CHARACTERS} characters")
            yield line

    reader = csv.reader(lines(), strict=True)
    blank_lines = 0
    number = 0
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidPredictions(f"the file is no valid CSV near record {number + 1}: {error}") from None
        since_record = 0
        number += 1
        if not record:
            blank_lines += 1
            continue
        if blank_lines:
            raise InvalidPredictions(f"record {number - blank_lines} is a blank line: write one row for each input row")
        yield record


def _check_header(names: list[str], contract: Contract) -> None:
    expected = contract.header
    shown = ",".join(expected) if len(expected) <= 20 else ",".join(expected[:20]) + f",... ({len(expected)} columns)"
    if len(names) > 4 * len(expected) + 16:
        raise InvalidPredictions(f"the header has {len(names)} columns; it must be: {shown}")
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise InvalidPredictions(f"the header names {quoted(duplicates[0])} twice; it must be: {shown}")
    missing = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    if not missing and not extra:
        return
    parts = []
    if missing:
        parts.append("lacks " + ", ".join(quoted(name) for name in missing[:3]))
    if extra:
        parts.append("has unknown " + ", ".join(quoted(name) for name in extra[:3]))
    hint = " (write without the index column, e.g. index=False)" if "" in extra or "Unnamed: 0" in extra else ""
    raise InvalidPredictions(f"the header {' and '.join(parts)}; it must be: {shown}{hint}")


def _places(ids: list[str], expected_ids: Sequence[str]) -> np.ndarray:
    """For each row of the file the position of its id among the expected ones; every one exactly once."""
    position = {identifier: at for at, identifier in enumerate(expected_ids)}
    place = np.empty(len(ids), dtype=np.int64)
    seen = bytearray(len(expected_ids))
    extra: list[str] = []
    duplicate: list[str] = []
    for row, identifier in enumerate(ids):
        at = position.get(identifier)
        if at is None:
            extra.append(identifier)
        elif seen[at]:
            duplicate.append(identifier)
        else:
            seen[at] = 1
            place[row] = at
    missing = [identifier for at, identifier in enumerate(expected_ids) if not seen[at]]
    parts = [
        f"{len(found)} {kind} (e.g. {', '.join(quoted(one) for one in found[:3])})"
        for found, kind in ((missing, "missing"), (duplicate, "repeated"), (extra, "unknown"))
        if found
    ]
    if not parts:
        return place
    hint = ""
    if extra and missing:
        bare = {_as_number(identifier) for identifier in missing}
        if any(_as_number(identifier) in bare for identifier in extra[:100]):
            hint = "; ids are text and must be copied exactly: read them with dtype=str"
    raise InvalidPredictions(f"ids do not match the inputs: {'; '.join(parts)}{hint}")


def _as_number(identifier: str) -> str:
    """What is left of an id when a careless reader takes it for a number: 001, 1 and 1.0 become the same."""
    return re.sub(r"\.0*$", "", identifier.strip()).lstrip("0")


def _values(cells: list[str], column: Column) -> np.ndarray:
    """The cells of a column in its type, inside its range and among its levels."""
    if column.dtype == "float":
        bad = [row for row, cell in enumerate(cells) if DECIMAL.fullmatch(cell) is None]
        _refuse(bad, cells, column, "a plain decimal number such as 0.25 (no NaN, infinity, decimal comma or blank)")
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
        _refuse(np.flatnonzero(~(np.abs(values) <= MAX_MAGNITUDE)), cells, column, "a finite number of sane size")
    elif column.dtype == "int":
        bad = [row for row, cell in enumerate(cells) if INTEGER.fullmatch(cell) is None]
        _refuse(bad, cells, column, "an integer such as 1 (not 1.0: convert with astype(int))")
        values = np.array([int(cell) for cell in cells], dtype=np.int64)
    else:
        values = np.empty(len(cells), dtype=object)
        values[:] = cells
        _refuse([row for row, cell in enumerate(cells) if cell == ""], cells, column, "a text that is not empty")
    if column.dtype != "string":
        if column.minimum is not None:
            _refuse(np.flatnonzero(values < column.minimum), cells, column, f"at least {column.minimum:g}")
        if column.maximum is not None:
            _refuse(np.flatnonzero(values > column.maximum), cells, column, f"at most {column.maximum:g}")
    if column.levels is not None:
        levels = set(column.levels)
        some = ", ".join(str(level) for level in column.levels[:20]) + (", ..." if len(levels) > 20 else "")
        unknown = [row for row, value in enumerate(values.tolist()) if value not in levels]
        _refuse(unknown, cells, column, f"one of the labels {some}, written exactly so")
    return values


def _refuse(rows: Sequence[int] | np.ndarray, cells: list[str], column: Column, wanted: str) -> None:
    """Raises if any row is listed, quoting the first."""
    if len(rows):
        first = int(rows[0])
        raise InvalidPredictions(
            f"column {quoted(column.name)}, data row {first + 1}: {quoted(cells[first])} is not {wanted} "
            f"({len(rows)} such value{'s' if len(rows) > 1 else ''})",
            unquoted=f"column {quoted(column.name)} has {len(rows)} values that are not {wanted}",
        )
