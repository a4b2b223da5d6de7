"""Which row goes to which split: train, search, validation or test.

Rows that belong together (a group, or duplicates of each other) form a *unit*, and units are never divided. Units are put
in the order of sha256(task@version, row key): the same on every machine and for every run, whatever the order or number
of draws made elsewhere. Shares are then cut from that order, within each stratum where the method is `stratified`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelled_table import SPLITS, LabelledTable, TaskDataError, read_csv_as_text

# A numeric target with more distinct values than this is stratified by quantile bins, not by value.
MAX_LEVELS = 20
QUANTILE_BINS = 10
# A class needs one member for training and one for a hidden split at the very least; below this it stays in training.
MIN_STRATUM = 3


def order_hash(name: str, key: str) -> str:
    """The place of a row in the order of the split: hex of sha256 over `task@version` and the row's key."""
    return hashlib.sha256(f"{name}\n{key}".encode()).hexdigest()


def shares(split: dict[str, Any]) -> list[tuple[str, float]]:
    """The share of each split in the labelled rows; the holdout for the test split is taken first."""
    holdout = 0.0 if split["test"] == "provided" else float(split["test"]["holdout"])
    fractions = split["fractions"]
    return [("test", holdout)] + [(part, (1 - holdout) * fractions[part]) for part in ("search", "validation", "train")]


def connected_components(columns: list[pd.Series], rows: int) -> np.ndarray:
    """Component number of each row, where rows that share a non-empty value in any of the columns are connected."""
    parent = list(range(rows))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for column in columns:
        first: dict[str, int] = {}
        for row, value in enumerate(column.tolist()):
            if value == "":
                continue
            a, b = root(row), root(first.setdefault(value, row))
            if a != b:
                parent[max(a, b)] = min(a, b)
    return np.array([root(row) for row in range(rows)], dtype=np.int64)


def duplicate_key(table: LabelledTable, key: list[str] | str) -> pd.Series:
    """One string for each row, equal for rows that agree in the columns, or for `features` in all that a program sees."""
    columns = table.features if key == "features" else key
    joined = pd.Series([""] * len(table.frame)) if not columns else table.frame[columns].agg("\x1f".join, axis=1)
    if key == "features":
        for name in sorted(table.arrays):
            array = np.ascontiguousarray(table.arrays[name])
            joined = joined + pd.Series(["\x1f" + hashlib.sha256(row.tobytes()).hexdigest() for row in array])
    return "=" + joined


def drop_duplicates(table: LabelledTable) -> LabelledTable:
    """Applies the dedupe policies `drop` (keeps of each set the first in hash order) and `error`."""
    dedupe = table.manifest["split"].get("dedupe")
    if not dedupe or dedupe["policy"] == "group":
        return table
    keys = duplicate_key(table, dedupe["key"])
    if dedupe["policy"] == "error":
        repeated = int(keys.duplicated().sum())
        if repeated:
            raise TaskDataError(
                f"{repeated} rows duplicate another by split.dedupe.key; clean them in data.prepare, or use policy 'group' or 'drop'"
            )
        return table
    order = sorted(range(len(keys)), key=lambda row: order_hash(table.name, table.row_keys[row]))
    kept: dict[str, int] = {}
    for row in order:
        kept.setdefault(keys.iloc[row], row)
    rows = np.array(sorted(kept.values()), dtype=np.int64)
    if len(rows) < len(keys):
        table.notes.append(f"{len(keys) - len(rows)} duplicate rows dropped")
    return table.select(rows)


def units_of(table: LabelledTable) -> np.ndarray:
    """Unit number of each row: connected components over the group columns and, with policy `group`, duplicates."""
    split = table.manifest["split"]
    columns = [table.frame[column] for column in split.get("group") or []]
    dedupe = split.get("dedupe")
    if dedupe and dedupe["policy"] == "group":
        keys = duplicate_key(table, dedupe["key"])
        repeated = int(keys.duplicated().sum())
        if repeated:
            table.notes.append(f"{repeated} rows duplicate another and are on its side of the split")
        columns.append(keys)
    return connected_components(columns, len(table.frame))


def strata_of(table: LabelledTable) -> np.ndarray:
    """Stratum label of each row: levels of the stratify columns (the target by default), quantile bins where numeric."""
    columns = table.manifest["split"].get("stratify") or table.targets
    labels = np.array([""] * len(table.frame), dtype=object)
    for column in columns:
        text = table.frame[column]
        numbers = pd.to_numeric(text, errors="coerce")
        if text.nunique() > MAX_LEVELS and numbers.notna().all():
            ranks = numbers.rank(method="average", pct=True).to_numpy()
            part = np.minimum((ranks * QUANTILE_BINS).astype(int), QUANTILE_BINS - 1).astype(str)
        else:
            part = text.to_numpy(dtype=object)
        labels = np.array([f"{a}\x1f{b}" for a, b in zip(labels, part)], dtype=object)
    return labels


def cut(units: list[int], sizes: dict[int, int], parts: list[tuple[str, float]], offset: float) -> dict[int, str]:
    """Cuts ordered units into parts by cumulative share of rows. `offset` in [0, 1) shifts where small strata are cut."""
    total = sum(sizes[unit] for unit in units)
    result: dict[int, str] = {}
    seen = 0
    for unit in units:
        position = (seen + offset * sizes[unit]) / total
        seen += sizes[unit]
        edge = 0.0
        for part, share in parts:
            edge += share
            if position < edge - 1e-12:
                result[unit] = part
                break
        else:
            result[unit] = parts[-1][0]
    return result


def assign_units(table: LabelledTable, eligible: np.ndarray) -> np.ndarray:
    """The methods random, stratified and group: one engine, with or without strata."""
    split = table.manifest["split"]
    units = units_of(table)
    hashes = [order_hash(table.name, key) for key in table.row_keys]
    frame = pd.DataFrame({"unit": units, "hash": hashes, "eligible": eligible})
    frame["stratum"] = strata_of(table) if split["method"] == "stratified" else ""
    frame = frame[frame["eligible"]]
    by_unit = frame.groupby("unit", sort=False)
    summary = pd.DataFrame({"hash": by_unit["hash"].min(), "size": by_unit.size()})
    # A unit belongs to the stratum most of its rows are in; ties go to the first in order, for want of a better reason.
    counts = (
        frame.groupby(["unit", "stratum"])
        .size()
        .reset_index(name="n")
        .sort_values(["unit", "n", "stratum"], ascending=[True, False, True])
    )
    summary["stratum"] = counts.drop_duplicates("unit").set_index("unit")["stratum"]
    sizes = {int(unit): int(size) for unit, size in summary["size"].items()}
    part_of: dict[int, str] = {}
    for stratum, members in summary.sort_values("hash").groupby("stratum", sort=True):
        ordered = [int(unit) for unit in members.index]
        if split["method"] == "stratified" and len(ordered) < MIN_STRATUM:
            part_of.update({unit: "train" for unit in ordered})
            table.notes.append(
                f"a class of {int(members['size'].sum())} rows is too small to divide and stays in train"
            )
            continue
        offset = int(order_hash(table.name, f"offset\n{stratum}")[:8], 16) / 2**32
        part_of.update(cut(ordered, sizes, shares(split), offset))
    return np.array([part_of[int(unit)] if ok else "test" for unit, ok in zip(units, eligible)], dtype=object)


def time_values(table: LabelledTable) -> pd.Series:
    """The time column as sortable values: numbers where all are numbers, otherwise dates."""
    column = table.manifest["split"]["time"]
    text = table.frame[column]
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.notna().all():
        return numbers
    dates = pd.to_datetime(text, errors="coerce", format="ISO8601")
    if dates.isna().any():
        bad = text[dates.isna()].iloc[0]
        raise TaskDataError(
            f"split.time: {bad!r} in the column {column!r} is neither a number nor an ISO 8601 date: convert it in data.prepare"
        )
    return dates.astype("int64")


def assign_time(table: LabelledTable, eligible: np.ndarray) -> np.ndarray:
    """The past for training, then search, validation and test in the order of time; equal times stay together."""
    split = table.manifest["split"]
    times = time_values(table)
    periods = sorted(times[eligible].unique())
    sizes = times[eligible].value_counts()
    parts = shares(split)
    ordered = [parts[3], parts[1], parts[2], parts[0]]
    numbered = {number: int(sizes[period]) for number, period in enumerate(periods)}
    part_of_number = cut(list(numbered), numbered, ordered, 0.5)
    part_of = {period: part_of_number[number] for number, period in enumerate(periods)}
    gap = split.get("gap", 0)
    if gap:
        last = max(number for number, part in part_of_number.items() if part == "train")
        for number in range(max(0, last - gap + 1), last + 1):
            part_of[periods[number]] = "none"
    return np.array([part_of[time] if ok else "test" for time, ok in zip(times, eligible)], dtype=object)


def assign_predefined(table: LabelledTable) -> np.ndarray:
    """Takes the split of each row from a column of the table."""
    column = table.manifest["split"]["column"]
    values = table.frame[column].to_numpy(dtype=object)
    unknown = sorted(set(values) - {"train", *SPLITS})
    if unknown:
        raise TaskDataError(
            f"split.column: {column!r} holds {unknown[0]!r}; allowed are train, search, validation and test"
        )
    return values


def assign_custom(table: LabelledTable, directory: Path, command: list[str], timeout_s: float) -> np.ndarray:
    """Runs the task's own command, which writes `row,split` for every row (0-based) to $AIRA_SPLIT_FILE."""
    with tempfile.TemporaryDirectory(prefix="aira2-split-") as scratch:
        result_path = Path(scratch) / "split.csv"
        environment = {
            **os.environ,
            "AIRA_TABLE": str(directory / table.manifest["data"]["table"]),
            "AIRA_SPLIT_FILE": str(result_path),
            "AIRA_SPLIT_NAME": table.name,
        }
        try:
            done = subprocess.run(
                command, cwd=scratch, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise TaskDataError(f"split.cmd did not run to its end: {problem}") from None
        if done.returncode != 0:
            raise TaskDataError(f"split.cmd ended with exit code {done.returncode}: {done.stderr[-2000:].strip()}")
        if not result_path.is_file():
            raise TaskDataError("split.cmd wrote no file: it must write `row,split` for every row to $AIRA_SPLIT_FILE")
        result = read_csv_as_text(result_path)
    if list(result.columns) != ["row", "split"]:
        raise TaskDataError("split.cmd must write the columns row,split")
    if sorted(result["row"]) != sorted(str(row) for row in range(len(table.frame))):
        raise TaskDataError("split.cmd must name every row of the table exactly once, counted from 0")
    values = result.set_index("row").loc[[str(row) for row in range(len(table.frame))], "split"].to_numpy(dtype=object)
    unknown = sorted(set(values) - {"train", "none", *SPLITS})
    if unknown:
        raise TaskDataError(
            f"split.cmd wrote the split {unknown[0]!r}; allowed are train, search, validation, test and none"
        )
    return values


def assign(table: LabelledTable, directory: Path, custom_command: list[str], timeout_s: float) -> np.ndarray:
    """The split of every row: `train`, a hidden split, or `none` for rows left out (gaps)."""
    split = table.manifest["split"]
    method = split["method"]
    if method == "predefined":
        return assign_predefined(table)
    if method == "custom":
        return assign_custom(table, directory, custom_command, timeout_s)
    eligible = np.ones(len(table.frame), dtype=bool)
    if split["test"] == "provided":
        eligible = (table.frame[split["column"]] != "test").to_numpy()
    return assign_time(table, eligible) if method == "time" else assign_units(table, eligible)
