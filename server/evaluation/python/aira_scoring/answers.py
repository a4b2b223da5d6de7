"""Reads the hidden answers, once, before the process gives up the right to."""

import csv
import os
from dataclasses import dataclass

import numpy as np

from .contract import SPLITS, Contract
from .faults import TaskFault

MAX_FIELD_CHARACTERS = 16 * 1024 * 1024


@dataclass(frozen=True)
class SplitAnswers:
    """The answers of one hidden split."""

    name: str
    ids: list[str]
    targets: dict[str, list[str]]
    scale: np.ndarray | None
    """Per row, what an error is divided by (MASE); from the column `_scale`."""
    groups: np.ndarray | None
    """Per row, the number of its cluster for the bootstrap; from the column `_group`."""

    @property
    def size(self) -> int:
        """How many rows the split has."""
        return len(self.ids)


@dataclass(frozen=True)
class Answers:
    """All hidden splits, and which ids a program's one file must hold."""

    splits: dict[str, SplitAnswers]
    pooled_ids: list[str]
    """Every id in the order of answers.csv, which is that of the pooled inputs."""

    def expected(self, split: str, pooled: bool) -> tuple[list[str], np.ndarray]:
        """The ids that a predictions file must have, and the positions among them that belong to the split."""
        own = self.splits[split].ids
        if not pooled:
            return own, np.arange(len(own))
        position = {identifier: at for at, identifier in enumerate(self.pooled_ids)}
        return self.pooled_ids, np.array([position[identifier] for identifier in own], dtype=np.int64)


def read_answers(directory: str, contract: Contract) -> Answers:
    """Reads `answers.csv`: id, split, targets, then what the metric needs besides (`_group`, `_scale`).

    Raises TaskFault without quoting an answer.
    """
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    path = os.path.join(directory, "answers.csv")
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            rows = [row for row in reader if row]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise TaskFault(f"answers.csv cannot be read ({type(error).__name__}): prepare the task again") from None
    wanted = ["id", "split", *contract.targets]
    if any(name not in header for name in wanted) or any(len(row) != len(header) for row in rows):
        raise TaskFault(f"answers.csv must have the columns {', '.join(wanted)} in every row: prepare the task again")
    at = {name: header.index(name) for name in header}
    ids = [row[at["id"]] for row in rows]
    if len(set(ids)) < len(ids):
        raise TaskFault("answers.csv has an id twice: prepare the task again")
    if unknown := {row[at["split"]] for row in rows} - set(SPLITS):
        raise TaskFault(f"answers.csv names {len(unknown)} unknown splits: prepare the task again")
    splits = {}
    for name in SPLITS:
        own = [row for row in rows if row[at["split"]] == name]
        if own:
            splits[name] = SplitAnswers(
                name=name,
                ids=[row[at["id"]] for row in own],
                targets={target: [row[at[target]] for row in own] for target in contract.targets},
                scale=_scale([row[at["_scale"]] for row in own]) if "_scale" in at else None,
                groups=_groups([row[at["_group"]] for row in own]) if "_group" in at else None,
            )
    if "search" not in splits:
        raise TaskFault("answers.csv has no row of the search split: prepare the task again")
    return Answers(splits, ids)


def _scale(cells: list[str]) -> np.ndarray:
    try:
        scale = np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        raise TaskFault("answers.csv: _scale holds something that is no number") from None
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise TaskFault("answers.csv: _scale must be finite and above 0")
    return scale


def _groups(cells: list[str]) -> np.ndarray:
    return np.unique(np.array(cells, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)
