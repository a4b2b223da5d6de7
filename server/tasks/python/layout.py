"""Writes a prepared task: what a program may see, what evaluations may see, and what only the scoring process may see.

Nothing about a row but its features reaches the public part: ids are keyed hashes, rows lie in the order of another keyed
hash, and files have one fixed time. The key is derived from the whole table, labels included: whoever can compute it
already has the labels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

from assignment import connected_components
from labelled_table import ID_COLUMN, SPLITS, LabelledTable, TaskDataError

# 2000-01-01T00:00:00Z, the time of every file in the public part.
FIXED_TIME = 946684800
SHORTEST_ID = 12


class Identities:
    """Opaque ids and the shuffled order of rows, both by HMAC-SHA256 under the task's key."""

    def __init__(self, table: LabelledTable) -> None:
        self.key = hashlib.sha256(f"aira.task/1 ids\n{table.name}\n{table.content_hash}".encode()).digest()
        digests = [self._digest("id", key) for key in table.row_keys]
        length = SHORTEST_ID
        while len({digest[:length] for digest in digests}) < len(digests):
            length += 4
        self.ids = np.array([digest[:length] for digest in digests], dtype=object)
        self._order = np.array([self._digest("order", key) for key in table.row_keys], dtype=object)

    def _digest(self, purpose: str, row_key: str) -> str:
        return hmac.new(self.key, f"{purpose}\n{row_key}".encode(), hashlib.sha256).hexdigest()

    def shuffled(self, rows: np.ndarray) -> np.ndarray:
        """The given rows (positions) in the order that tells nothing."""
        return rows[np.argsort(self._order[rows].astype(str), kind="stable")]


def split_hash(rows_of: dict[str, np.ndarray], identities: Identities) -> str:
    """sha256 over the sorted ids of train and each hidden split. Equal hashes: the same rows, the same content."""
    digest = hashlib.sha256()
    for name in ("train", *SPLITS):
        digest.update(f"{name}\n".encode())
        for row_id in sorted(identities.ids[rows_of[name]]):
            digest.update(f"{row_id}\n".encode())
    return digest.hexdigest()


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """UTF-8, comma, `\\n`; cells are written as they are."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_view(
    table: LabelledTable, identities: Identities, directory: Path, train: np.ndarray, hidden: np.ndarray
) -> None:
    """`train/` with labels and `eval/` with opaque ids and no labels, arrays cut along with both."""
    train, hidden = identities.shuffled(train), identities.shuffled(hidden)
    for part, rows in (("train", train), ("eval", hidden)):
        (directory / part).mkdir(parents=True, exist_ok=True)
        for name, array in table.arrays.items():
            np.save(directory / part / f"{name}.npy", array[rows], allow_pickle=False)
    shown = [column for column in table.frame.columns if column in {*table.features, *table.targets}]
    write_csv(table.frame.iloc[train][shown], directory / "train" / "train.csv")
    inputs = table.frame.iloc[hidden][table.features].copy()
    inputs.insert(0, ID_COLUMN, public_ids(table, identities)[hidden])
    write_csv(inputs, directory / "eval" / "inputs.csv")


def public_ids(table: LabelledTable, identities: Identities) -> np.ndarray:
    """Opaque ids, or the task's own where the manifest turns opaque ids off."""
    if table.manifest["view"]["opaque_ids"]:
        return identities.ids
    return np.array([key.replace("\x1f", "|") for key in table.row_keys], dtype=object)


def write_private(
    table: LabelledTable,
    identities: Identities,
    directory: Path,
    rows_of: dict[str, np.ndarray],
    scale: dict[str, np.ndarray],
) -> None:
    """`answers.csv` (labels and what the metric needs beside them), `rows.csv` (for audits) and the key."""
    directory.mkdir()
    groups = group_numbers(table, np.concatenate([rows_of[name] for name in SPLITS]))
    ids = public_ids(table, identities)
    parts = []
    for name in SPLITS:
        rows = rows_of[name]
        part = table.frame.iloc[rows][table.targets].copy()
        part.insert(0, "split", name)
        part.insert(0, ID_COLUMN, ids[rows])
        if groups is not None:
            part["_group"] = [str(groups[row]) for row in rows]
        if name in scale:
            part["_scale"] = [repr(float(value)) for value in scale[name]]
        parts.append(part)
    # In the order of the inputs, which is what predictions aligned by position go by.
    hidden = np.concatenate([rows_of[name] for name in SPLITS])
    write_csv(pd.concat(parts).loc[identities.shuffled(hidden)], directory / "answers.csv")
    everything = np.concatenate([rows_of[name] for name in ("train", *SPLITS)])
    names = np.concatenate([[name] * len(rows_of[name]) for name in ("train", *SPLITS)])
    audit = pd.DataFrame({ID_COLUMN: ids[everything], "split": names, "row": everything})
    write_csv(audit.sort_values(ID_COLUMN), directory / "rows.csv")
    (directory / "key").write_text(identities.key.hex() + "\n", encoding="utf-8")


def group_numbers(table: LabelledTable, rows: np.ndarray) -> dict[int, int] | None:
    """Group of each hidden row, numbered in order of value, for a bootstrap that draws whole groups; None without groups."""
    columns = table.manifest["split"].get("group")
    if not columns:
        return None
    part = table.frame.iloc[rows].reset_index(drop=True)
    components = connected_components([part[column] for column in columns], len(part))
    if table.manifest["split"]["method"] == "rolling_origin":
        joined = part[columns].agg("\x1f".join, axis=1)
        components = pd.factorize(joined, sort=True)[0]
    numbers = pd.factorize(components, sort=True)[0]
    return {int(row): int(number) for row, number in zip(rows, numbers)}


def seal(root: Path) -> None:
    """Modes and times: public for all to read, evaluator and private for the owner, one fixed time on everything public."""
    for base, _, files in os.walk(root):
        for name in files:
            os.chmod(Path(base) / name, 0o644)
        os.chmod(base, 0o755)
    for name in ("evaluator", "private"):
        if (root / name).is_dir():
            os.chmod(root / name, 0o700)
    for path in (root / "private").iterdir():
        os.chmod(path, 0o600)
    for base, _, files in os.walk(root, topdown=False):
        for name in files:
            os.utime(Path(base) / name, (FIXED_TIME, FIXED_TIME))
        os.utime(base, (FIXED_TIME, FIXED_TIME))


def sample_submission(table: LabelledTable, train: np.ndarray, ids: np.ndarray) -> pd.DataFrame:
    """Every id with one constant: uniform for probabilities, the median or the most frequent class of train otherwise."""
    prediction = table.manifest["prediction"]
    values = [column for column in prediction["columns"] if column["role"] == "value"]
    id_columns = [column["name"] for column in prediction["columns"] if column["role"] == "id"]
    frame = pd.DataFrame({id_columns[0] if id_columns else ID_COLUMN: ids})
    for column in values:
        frame[column["name"]] = constant_for(table, column, train, len(values))
    return frame


def constant_for(table: LabelledTable, column: dict, train: np.ndarray, value_columns: int) -> str:
    """The constant of one prediction column, as text, inside the column's bounds and levels."""
    row_sum = table.manifest["prediction"].get("row_sum")
    if row_sum is not None:
        return repr(row_sum / value_columns)
    target = column["name"] if column["name"] in table.targets else table.targets[0]
    labels = table.frame[target].iloc[train]
    labels = labels[labels != ""]
    if column["dtype"] == "string" or "levels" in column:
        return str(labels.value_counts().sort_index().idxmax())
    if column["dtype"] == "float" and column.get("min") == 0 and column.get("max") == 1 and labels.nunique() == 2:
        return "0.5"
    numbers = pd.to_numeric(labels, errors="coerce")
    if numbers.isna().any():
        raise TaskDataError(
            f"prediction.columns: {column['name']!r} is {column['dtype']}, but the target {target!r} holds text"
        )
    value = float(np.clip(numbers.median(), column.get("min", -np.inf), column.get("max", np.inf)))
    return str(round(value)) if column["dtype"] == "int" else repr(value)


def write_json(path: Path, document: object) -> None:
    """Pretty JSON without NaN."""
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
