"""Turns answers and predictions into what a metric compares, and refuses to compare what is not alike.

Appendix A of the paper: labels of one type met a label list of another, nothing matched, and the log-loss of anything
was 0.0. Here labels are brought into one declared type, every answer's label must be a known one, and predictions that
share no label with the answers are an error, before any metric is called.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .answers import Answers, SplitAnswers
from .contract import Contract, level_of
from .faults import InvalidPredictions, TaskFault
from .metrics import Metric
from .predictions import DECIMAL, Predictions, check_row_sums, quoted

BINARY = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}


class Encoder:
    """Encodes one task's truth once and predictions as they come."""

    def __init__(self, contract: Contract, metric: Metric, answers: Answers) -> None:
        self.contract = contract
        self.metric = metric
        self.columns = contract.columns
        self.labels: list[str | int | float] = []
        """Label metrics: the label of each code. Probability metrics: the class of each column."""
        self._classes_declared = True
        self.truth: dict[str, np.ndarray] = {}
        if metric.kind != "probability" and len(self.columns) != 1:
            raise TaskFault(f"metric {metric.name} scores one value column, prediction.columns declares several")
        if len(contract.targets) != 1 and not self._one_hot():
            raise TaskFault(f"metric {metric.name} needs one target column (or one-hot targets named as the columns)")
        if metric.kind != "label" and any(column.dtype == "string" for column in self.columns):
            raise TaskFault(f"metric {metric.name} scores numbers: declare the value columns float or int")
        if metric.kind == "label":
            self._learn_labels(answers)
        for split in answers.splits.values():
            self.truth[split.name] = self._encode_truth(split)

    def _one_hot(self) -> bool:
        names = {column.name for column in self.columns}
        return self.metric.kind == "probability" and len(names) > 1 and set(self.contract.targets) == names

    def _learn_labels(self, answers: Answers) -> None:
        column, target = self.columns[0], self.contract.targets[0]
        present = {level_of(cell, column.dtype) for split in answers.splits.values() for cell in split.targets[target]}
        self._classes_declared = column.levels is not None
        if column.levels is None:
            self.labels = sorted(present, key=lambda label: (isinstance(label, str), label))
        else:
            self.labels = list(column.levels)
        if strangers := present - set(self.labels):
            raise TaskFault(
                f"{len(strangers)} of the answers' {len(present)} labels are not among the levels of prediction column "
                f"{column.name!r} (dtype {column.dtype}): labels must be written exactly as in the data"
            )
        if len(self.labels) < 2:
            raise TaskFault("the answers hold a single label: there is nothing to predict")
        if self.metric.name == "f1" and len(self.labels) != 2:
            raise TaskFault("metric f1 needs two labels, the second level being the positive one; else use macro_f1")

    def _encode_truth(self, split: SplitAnswers) -> np.ndarray:
        kind = self.metric.kind
        if kind == "label":
            code = {label: at for at, label in enumerate(self.labels)}
            cells = split.targets[self.contract.targets[0]]
            return np.array([code[level_of(cell, self.columns[0].dtype)] for cell in cells], dtype=np.int64)
        if kind == "number":
            return self._numbers(split)
        if kind == "probability" and len(self.columns) > 1:
            return self._classes(split)
        return self._binary(split)

    def _numbers(self, split: SplitAnswers) -> np.ndarray:
        cells = split.targets[self.contract.targets[0]]
        if any(DECIMAL.fullmatch(cell) is None for cell in cells):
            raise TaskFault(f"split {split.name}: the target of metric {self.metric.name} must hold plain numbers only")
        values = np.array([float(cell) for cell in cells], dtype=np.float64)
        if self.metric.minimum is not None and (values < self.metric.minimum).any():
            raise TaskFault(f"split {split.name}: metric {self.metric.name} is not defined for a target below 0")
        if self.metric.needs_scale and split.scale is None:
            raise TaskFault("metric mase needs the column _scale in answers.csv: prepare the task again")
        return values if not self.metric.needs_scale or split.scale is None else values / split.scale

    def _binary(self, split: SplitAnswers) -> np.ndarray:
        cells = split.targets[self.contract.targets[0]]
        codes = [BINARY.get(cell.lower()) for cell in cells]
        known = [code for code in codes if code is not None]
        if len(known) < len(codes):
            raise TaskFault(f"metric {self.metric.name} with one value column needs a target of 0 and 1")
        if len(set(known)) < 2:
            raise TaskFault(f"split {split.name} holds one class only: {self.metric.name} cannot be computed on it")
        return np.array(known, dtype=np.int64)

    def _classes(self, split: SplitAnswers) -> np.ndarray:
        names = [column.name for column in self.columns]
        self.labels = list(names)
        if self._one_hot():
            table = np.array([[split.targets[name][row] for name in names] for row in range(split.size)])
            hot = np.isin(table, ("1", "1.0", "True", "true"))
            if not (hot.sum(axis=1) == 1).all():
                raise TaskFault(f"split {split.name}: one-hot targets must have exactly one 1 in every row")
            return np.argmax(hot, axis=1).astype(np.int64)
        target = self.contract.targets[0]
        code = {name: at for at, name in enumerate(names)}
        code |= {name.removeprefix(f"{target}_"): at for at, name in enumerate(names)}
        codes = [code.get(cell) for cell in split.targets[target]]
        known = [at for at in codes if at is not None]
        if len(known) < len(codes):
            raise TaskFault(
                f"split {split.name}: {len(codes) - len(known)} rows have a label that no prediction column is named "
                f"for (name the columns as the labels, or {target}_<label>)"
            )
        return np.array(known, dtype=np.int64)

    def check(self, predictions: Predictions) -> None:
        """What the metric asks of the whole file beyond the manifest. Raises InvalidPredictions."""
        for column in self.columns:
            values = predictions.columns[column.name]
            if self.metric.minimum is not None and (values < self.metric.minimum).any():
                low = values[values < self.metric.minimum]
                raise InvalidPredictions(
                    f"column {quoted(column.name)} has {low.size} values below {self.metric.minimum:g}, "
                    f"for which {self.metric.name} is not defined (the lowest is {low.min():g})"
                )
            if self.metric.kind == "probability" and ((values < 0) | (values > 1)).any():
                outside = values[(values < 0) | (values > 1)]
                raise InvalidPredictions(
                    f"column {quoted(column.name)} has {outside.size} values that are no probability, "
                    f"e.g. {outside[0]:g}: they must lie between 0 and 1"
                )
        if self.metric.kind == "probability" and len(self.columns) > 1 and self.contract.row_sum is None:
            check_row_sums(predictions, self.columns, 1.0)
        if self.metric.kind == "label" and not self._classes_declared:
            known = set(self.labels)
            if not any(label in known for label in set(predictions.columns[self.columns[0].name].tolist())):
                raise InvalidPredictions(
                    f"column {quoted(self.columns[0].name)} holds no label that occurs in this task: "
                    "write labels exactly as the training data has them"
                )

    def encode(self, predictions: Predictions, split: SplitAnswers) -> np.ndarray:
        """Predictions of one split, in the form the metric takes."""
        if self.metric.kind == "label":
            values = predictions.columns[self.columns[0].name].tolist()
            code = {label: at for at, label in enumerate(self.labels)}
            for value in sorted(set(values) - set(code), key=str):
                code[value] = len(code)
            return np.array([code[value] for value in values], dtype=np.int64)
        table = np.stack([predictions.columns[column.name].astype(np.float64) for column in self.columns], axis=1)
        if table.shape[1] > 1:
            # A row may miss 1 by the tolerance; normalised, that gains nothing.
            return table / table.sum(axis=1, keepdims=True)
        values = table[:, 0]
        return values / split.scale if self.metric.needs_scale and split.scale is not None else values

    def gold(self, split: SplitAnswers) -> dict[str, list[str]]:
        """The cells of a perfect predictions file, for the self-test. They never leave the process."""
        truth = self.truth[split.name]
        if self.metric.kind in ("label", "number"):
            return {self.columns[0].name: split.targets[self.contract.targets[0]]}
        if len(self.columns) > 1:
            return {
                column.name: ["1" if code == at else "0" for code in truth.tolist()]
                for at, column in enumerate(self.columns)
            }
        return {self.columns[0].name: [str(code) for code in truth.tolist()]}

    def constant(self, splits: Sequence[SplitAnswers]) -> dict[str, str]:
        """One cell for each column, the same for every row: the best that can be said without looking at the inputs."""
        first = self.columns[0]
        cells = [cell for split in splits for cell in split.targets[self.contract.targets[0]]]
        if self.metric.kind == "label":
            return {first.name: Counter(cells).most_common(1)[0][0]}
        if self.metric.kind == "number":
            middle = sorted(cells, key=float)[len(cells) // 2]
            return {first.name: middle}
        codes = np.concatenate([self.truth[split.name] for split in splits])
        if len(self.columns) > 1:
            shares = np.bincount(codes, minlength=len(self.columns)) / codes.size
            return {column.name: repr(float(share)) for column, share in zip(self.columns, shares, strict=True)}
        return {first.name: repr(float(codes.mean()))}


def label_shares(codes: np.ndarray, labels: Sequence[str | int | float]) -> dict[str, float]:
    """How often each label occurs, for the person who checks a task."""
    counts = np.bincount(codes, minlength=len(labels))
    return {str(label): float(count) / codes.size for label, count in zip(labels, counts, strict=False)}
