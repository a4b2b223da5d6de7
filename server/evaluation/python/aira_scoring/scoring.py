"""One task's scoring: answers and metric held ready, predictions files scored as they come."""

import math
from dataclasses import dataclass

import numpy as np

from .answers import Answers, SplitAnswers
from .contract import Contract
from .encoding import Encoder
from .external import ExternalMetric
from .faults import TaskFault
from .metrics import METRICS
from .predictions import Predictions, parse
from .resampling import Bootstrap

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Scored:
    """A score and how far chance may have moved it."""

    value: float
    standard_error: float
    rows: int
    suspiciously_perfect: bool


@dataclass(frozen=True)
class Compared:
    """How much one score exceeds another, and how far chance may have moved that."""

    difference: float
    standard_error: float


class Scoring:
    """Scores predictions files of one task. Holds the answers; hands out numbers only."""

    def __init__(self, contract: Contract, answers: Answers) -> None:
        self.contract = contract
        self.answers = answers
        self.encoder: Encoder | None = None
        self.external: ExternalMetric | None = None
        self.optimum = contract.optimum
        if contract.metric is None:
            self.external = ExternalMetric(contract)
        else:
            metric = METRICS.get(contract.metric)
            if metric is None:
                raise TaskFault(f"unknown built-in metric {contract.metric!r}; known are {', '.join(sorted(METRICS))}")
            self.encoder = Encoder(contract, metric, answers)
            self.optimum = metric.optimum if contract.optimum is None else contract.optimum
        self._expected = {name: answers.expected(name, contract.pooled) for name in answers.splits}
        self._bootstraps = {
            split.name: Bootstrap(split.size, split.groups, f"{contract.task}/{split.name}")
            for split in answers.splits.values()
        }

    def score(self, split_name: str, content: bytes) -> Scored:
        """Validates the whole file, then scores one split of it.

        Raises InvalidPredictions (the file's fault) or TaskFault (the task's).
        """
        split, predictions = self._parsed(split_name, content)
        value, standard_error = self._measure(split, predictions)
        low, high = self.contract.bounds
        if not math.isfinite(value) or not math.isfinite(standard_error):
            raise TaskFault(f"the score on {split_name} is not finite although the predictions are valid")
        if (low is not None and value < low - TOLERANCE) or (high is not None and value > high + TOLERANCE):
            raise TaskFault(f"the score {value:g} on {split_name} lies outside metric.bounds: correct the manifest")
        value = min(max(value, -math.inf if low is None else low), math.inf if high is None else high)
        perfect = self.optimum is not None and math.isclose(value, self.optimum, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        return Scored(value, standard_error, split.size, perfect)

    def check(self, split_name: str, content: bytes) -> None:
        """Validates the whole file and scores nothing. Raises InvalidPredictions or TaskFault."""
        self._parsed(split_name, content)

    def compare(self, split_name: str, before: bytes, now: bytes) -> Compared | None:
        """How much the score of `now` exceeds that of `before`: both are resampled together, so that what is hard for
        both cancels out. None where the metric is a command, which cannot be asked for two files at once.

        Raises InvalidPredictions or TaskFault.
        """
        if self.encoder is None:
            return None
        metric = self.encoder.metric
        split, first = self._parsed(split_name, before)
        _, second = self._parsed(split_name, now)
        truth = self.encoder.truth[split_name]
        older, newer = self.encoder.encode(first, split), self.encoder.encode(second, split)
        difference = float(np.float64(metric.point(truth, newer))) - float(np.float64(metric.point(truth, older)))
        error = self._bootstraps[split_name].standard_error(
            lambda w: metric.weighted(truth, newer, w) - metric.weighted(truth, older, w)
        )
        return Compared(difference, error) if math.isfinite(difference) and math.isfinite(error) else None

    def _parsed(self, split_name: str, content: bytes) -> tuple[SplitAnswers, Predictions]:
        split = self.answers.splits.get(split_name)
        if split is None:
            raise TaskFault(f"answers.csv has no row of the {split_name} split: prepare the task again")
        expected_ids, rows = self._expected[split_name]
        predictions = parse(content, self.contract, expected_ids)
        if self.encoder is not None:
            self.encoder.check(predictions)
        return split, predictions.at(rows)

    def _measure(self, split: SplitAnswers, predictions: Predictions) -> tuple[float, float]:
        if self.external is not None:
            return self.external.score(split, predictions)
        if self.encoder is None:
            raise TaskFault("the task has no metric")
        metric, truth = self.encoder.metric, self.encoder.truth[split.name]
        predicted = self.encoder.encode(predictions, split)
        error = self._bootstraps[split.name].standard_error(lambda w: metric.weighted(truth, predicted, w))
        return float(np.float64(metric.point(truth, predicted))), error
