"""The importer's self-test: files that a right task must score in a known way, made where the answers are.

Only numbers come out; what they must be is judged by `aira2 task check`.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from .answers import SplitAnswers
from .encoding import Encoder, label_shares
from .faults import InvalidPredictions, TaskFault
from .scoring import Scoring

Cells = dict[str, list[str]]


class SelfTest:
    """Makes the files and scores them."""

    def __init__(self, scoring: Scoring) -> None:
        self.scoring = scoring
        self.contract = scoring.contract
        self.splits = list(scoring.answers.splits.values())

    def report(self, sample: bytes) -> dict[str, Any]:
        """Scores of every variant for every split; for those that must be refused, whether they were.

        sample: the task's public sample submission, or nothing.
        """
        gold = {split.name: self.gold_cells(split) for split in self.splits}
        permuted = {split.name: self._permuted(split, gold[split.name]) for split in self.splits}
        constant = self._constant()
        report: dict[str, Any] = {
            "optimum": self.scoring.optimum,
            "rows": {split.name: split.size for split in self.splits},
            "targets": {split.name: self._target_summary(split) for split in self.splits},
            "gold": self._scores(lambda split: self.file(split, gold)),
            "permuted": self._scores(lambda split: self.file(split, permuted)),
            "shuffled": self._scores(lambda split: self.file(split, gold, shuffle=True)),
            "constant": None if constant is None else self._scores(lambda split: self.file(split, constant)),
            "nanRefused": self._refused(gold, "nan"),
            "infinityRefused": self._refused(gold, "inf"),
            "overflowRefused": self._refused(gold, "1e999"),
            "sample": None,
        }
        if sample:
            report["sample"] = self._one("search", sample)
        return report

    def gold_cells(self, split: SplitAnswers) -> Cells:
        """The perfect predictions of a split."""
        if self.scoring.encoder is not None:
            return self.scoring.encoder.gold(split)
        names = [column.name for column in self.contract.columns]
        if set(names) <= set(self.contract.targets):
            return {name: split.targets[name] for name in names}
        if len(names) == 1 and len(self.contract.targets) == 1:
            return {names[0]: split.targets[self.contract.targets[0]]}
        raise TaskFault("the prediction columns of a command metric must be named as the targets")

    def file(self, split: SplitAnswers, cells: dict[str, Cells], shuffle: bool = False) -> bytes:
        """A predictions file for the view that the split is scored in, from the cells of every split."""
        covered = self.splits if self.contract.pooled else [split]
        by_id: dict[str, list[str]] = {}
        for one in covered:
            columns = [cells[one.name][column.name] for column in self.contract.columns]
            by_id |= dict(zip(one.ids, map(list, zip(*columns, strict=True)), strict=True))
        order = list(self.scoring.answers.expected(split.name, self.contract.pooled)[0])
        if shuffle:
            np.random.default_rng(7).shuffle(order)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.contract.header)
        for identifier in order:
            writer.writerow(([identifier] if self.contract.id_column else []) + by_id[identifier])
        return text.getvalue().encode()

    def _permuted(self, split: SplitAnswers, gold: Cells) -> Cells:
        order = np.random.default_rng(11).permutation(split.size)
        return {name: [cells[at] for at in order] for name, cells in gold.items()}

    def _constant(self) -> dict[str, Cells] | None:
        if self.scoring.encoder is None:
            return None
        cells = self.scoring.encoder.constant(self.splits)
        return {split.name: {name: [cell] * split.size for name, cell in cells.items()} for split in self.splits}

    def _scores(self, file: Callable[[SplitAnswers], bytes]) -> dict[str, Any]:
        return {split.name: self._one(split.name, file(split)) for split in self.splits}

    def _one(self, split: str, content: bytes) -> dict[str, Any]:
        try:
            scored = self.scoring.score(split, content)
        except InvalidPredictions as problem:
            return {"score": None, "standardError": None, "problem": str(problem)[:300]}
        return {"score": scored.value, "standardError": scored.standard_error, "problem": None}

    def _refused(self, gold: dict[str, Cells], cell: str) -> bool:
        """Whether a file that is perfect but for one such cell is refused."""
        search = self.scoring.answers.splits["search"]
        first = self.contract.columns[0]
        spoilt = {name: {column: list(cells) for column, cells in split.items()} for name, split in gold.items()}
        # In a text column "nan" may be a label; what pandas writes for a missing value is an empty cell.
        spoilt["search"][first.name][0] = "" if first.dtype == "string" else cell
        try:
            self.scoring.score("search", self.file(search, spoilt))
        except InvalidPredictions:
            return True
        return False

    def _target_summary(self, split: SplitAnswers) -> dict[str, float]:
        """How the target is distributed: moments of a number, shares of classes."""
        encoder: Encoder | None = self.scoring.encoder
        if encoder is None:
            return {}
        truth = encoder.truth[split.name]
        if encoder.metric.kind == "number":
            return {"mean": float(truth.mean()), "sd": float(truth.std())}
        labels = encoder.labels or [0, 1]
        return label_shares(truth, labels)
