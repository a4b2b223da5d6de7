"""The labelled table of a task, as text, and the roles its columns play.

Cells stay the strings they are in the file: what a program reads is what the source said, digit for digit, and the
hash of a split depends on no library's idea of how to print a number. An empty cell is a missing value.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SPLITS = ("search", "validation", "test")
ID_COLUMN = "id"


class TaskDataError(Exception):
    """The data and the manifest do not fit together; the message says what, where, and what to change."""


@dataclass
class LabelledTable:
    """Rows with labels, row-aligned arrays, and what the manifest says about the columns."""

    manifest: dict[str, Any]
    frame: pd.DataFrame
    arrays: dict[str, np.ndarray]
    content_hash: str
    row_keys: list[str]
    features: list[str]
    targets: list[str]
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`id@version`, which enters every hash of the split."""
        return f"{self.manifest['id']}@{self.manifest['version']}"

    def select(self, rows: np.ndarray) -> "LabelledTable":
        """The same table with only the given rows (positions), in the given order."""
        return LabelledTable(
            manifest=self.manifest,
            frame=self.frame.iloc[rows].reset_index(drop=True),
            arrays={name: array[rows] for name, array in self.arrays.items()},
            content_hash=self.content_hash,
            row_keys=[self.row_keys[row] for row in rows],
            features=self.features,
            targets=self.targets,
            notes=self.notes,
        )


def read_csv_as_text(path: Path) -> pd.DataFrame:
    """Reads a CSV with every cell a string; empty cells are empty strings."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False, encoding="utf-8")


def load(manifest: dict[str, Any], directory: Path) -> LabelledTable:
    """Reads the table and the arrays the manifest names from `directory`, and checks every column it speaks of."""
    data, split = manifest["data"], manifest["split"]
    table_path = directory / data["table"]
    if not table_path.is_file():
        raise TaskDataError(
            f"the table {data['table']} does not exist: make data.prepare write it, or name another in data.table"
        )
    frame = read_csv_as_text(table_path)
    digest = hashlib.sha256(table_path.read_bytes())
    arrays: dict[str, np.ndarray] = {}
    for entry in data["arrays"]:
        path = directory / entry["path"]
        if not path.is_file():
            raise TaskDataError(
                f"the array {entry['path']} does not exist: make data.prepare write it, or take it out of data.arrays"
            )
        array = np.load(path, allow_pickle=False)
        if len(array) != len(frame):
            raise TaskDataError(
                f"{entry['path']} has {len(array)} rows and {data['table']} has {len(frame)}: arrays must align by row"
            )
        arrays[entry["name"]] = array
        digest.update(f"{entry['name']} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())

    mentioned = {
        "data.target": data["target"],
        "data.drop": data["drop"],
        "data.id": [] if data["id"] == "row_index" else data["id"],
        "split.group": split.get("group") or [],
        "split.stratify": split.get("stratify") or [],
        "split.time": [split["time"]] if "time" in split else [],
        "split.column": [split["column"]] if "column" in split else [],
    }
    dedupe = split.get("dedupe")
    if dedupe and dedupe["key"] != "features":
        mentioned["split.dedupe.key"] = dedupe["key"]
    for key, columns in mentioned.items():
        for column in columns:
            if column not in frame.columns:
                raise TaskDataError(
                    f"{key} names the column {column!r}, which {data['table']} lacks; it has: {', '.join(frame.columns)}"
                )

    hidden = {*data["target"], *data["drop"], *mentioned["data.id"], *mentioned["split.column"]}
    features = [column for column in frame.columns if column not in hidden]
    if ID_COLUMN in features:
        raise TaskDataError(
            f"{data['table']} has a feature called 'id', the name of the opaque id: list it in data.id or rename it"
        )
    if not features and not arrays:
        raise TaskDataError(
            "no feature is left: data.target, data.drop and data.id name every column, and there are no arrays"
        )

    if data["id"] == "row_index":
        row_keys = [str(position) for position in range(len(frame))]
    else:
        row_keys = frame[data["id"]].agg("\x1f".join, axis=1).tolist()
        repeated = pd.Series(row_keys).duplicated()
        if repeated.any():
            raise TaskDataError(
                f"data.id does not identify a row: {int(repeated.sum())} rows repeat another's {' + '.join(data['id'])}"
            )
    return LabelledTable(
        manifest=manifest,
        frame=frame,
        arrays=arrays,
        content_hash=digest.hexdigest(),
        row_keys=row_keys,
        features=features,
        targets=data["target"],
    )
