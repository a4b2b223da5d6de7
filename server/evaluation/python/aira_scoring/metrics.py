"""The built-in metrics: the score by scikit-learn, and the same formula for many resamples at once.

Each has two faces. `point(y, p)` is scikit-learn's; `weighted(y, p, w)` gives the metric of every resample from its row
weights w (R, rows), and with all weights 1 must equal `point`: a test holds them together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn import metrics as sk

EPSILON = float(np.finfo(np.float64).eps)
"""What scikit-learn's log_loss clips probabilities to."""


@dataclass(frozen=True)
class Metric:
    """A metric over encoded truth and predictions.

    kind: `number` (y, p floats), `label` (y, p integer codes), `probability` (y codes; p of shape (rows,) for the
    chance of class 1 or (rows, classes)), `ranking` (y of 0 and 1, p any float).
    minimum: the least prediction for which the metric is defined.
    """

    name: str
    kind: str
    maximize: bool
    optimum: float
    point: Callable[[np.ndarray, np.ndarray], float]
    weighted: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    minimum: float | None = None
    needs_scale: bool = False


def mean_of(term: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """The weighted form of a metric that is a mean of per-row terms."""
    return lambda y, p, w: (w @ term(y, p)) / w.sum(axis=1)


def root_mean_of(term: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """The weighted form of a metric that is the root of such a mean."""
    return lambda y, p, w: np.sqrt((w @ term(y, p)) / w.sum(axis=1))


def _log_loss_terms(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    chance = np.where(y == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(y.size), y]
    return -np.log(np.clip(chance, EPSILON, 1 - EPSILON))


def _log_loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(sk.log_loss(y, p, labels=np.arange(2 if p.ndim == 1 else p.shape[1])))


def _r2_weighted(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    total = w.sum(axis=1)
    centred = y - y.mean()
    variation = w @ centred**2 - (w @ centred) ** 2 / total
    return 1 - (w @ (y - p) ** 2) / np.where(variation > 0, variation, np.nan)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rho; 0, no association, where a constant leaves it undefined."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(stats.spearmanr(a, b).statistic)


def _ranks(values: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Mean ranks of the values in every resample, shape (R, rows)."""
    groups = np.unique(values, return_inverse=True)[1]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    in_group = np.add.reduceat(w[:, order], starts, axis=1)
    middle = np.cumsum(in_group, axis=1) - in_group / 2 + 0.5
    return middle[:, groups]


def _spearman_weighted(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    total = w.sum(axis=1, keepdims=True)
    a, b = _ranks(y, w), _ranks(p, w)
    a -= (w * a).sum(axis=1, keepdims=True) / total
    b -= (w * b).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((w * a**2).sum(axis=1) * (w * b**2).sum(axis=1))
    return np.where(spread > 0, (w * a * b).sum(axis=1) / np.where(spread > 0, spread, 1), 0.0)


def _roc_auc_weighted(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The Mann-Whitney statistic: how often a positive outranks a negative, ties counted half."""
    groups = np.unique(p, return_inverse=True)[1]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    positive = np.add.reduceat((w * (y == 1))[:, order], starts, axis=1)
    negative = np.add.reduceat((w * (y == 0))[:, order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return (positive * below).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)


def _confusion_margins(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every resample and class: hits, rows that are of the class, rows taken for it; each of shape (R, classes)."""
    classes = int(max(y.max(), p.max())) + 1
    shape = (len(w), classes)
    hits, actual, claimed = np.empty(shape), np.empty(shape), np.empty(shape)
    hit = y == p
    for at, weights in enumerate(w):
        hits[at] = np.bincount(y, weights=weights * hit, minlength=classes)
        actual[at] = np.bincount(y, weights=weights, minlength=classes)
        claimed[at] = np.bincount(p, weights=weights, minlength=classes)
    return hits, actual, claimed


def _f1_of(hits: np.ndarray, actual: np.ndarray, claimed: np.ndarray) -> np.ndarray:
    return np.where(actual + claimed > 0, 2 * hits / np.maximum(actual + claimed, 1e-12), 0.0)


def _macro_f1_weighted(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    hits, actual, claimed = _confusion_margins(y, p, w)
    present = (actual + claimed) > 0
    return (_f1_of(hits, actual, claimed) * present).sum(axis=1) / present.sum(axis=1)


def _f1_weighted(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return _f1_of(w @ ((y == 1) & (p == 1)), w @ (y == 1), w @ (p == 1))


def _absolute(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.abs(y - p)


def _squared(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (y - p) ** 2


def _squared_log(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (np.log1p(y) - np.log1p(p)) ** 2


def _same(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (y == p).astype(np.float64)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("mae", "number", False, 0.0, lambda y, p: sk.mean_absolute_error(y, p), mean_of(_absolute)),
        # Truth and prediction come divided by the row's scale, so that MASE is the mean absolute error of the two.
        Metric(
            "mase",
            "number",
            False,
            0.0,
            lambda y, p: sk.mean_absolute_error(y, p),
            mean_of(_absolute),
            needs_scale=True,
        ),
        Metric("rmse", "number", False, 0.0, lambda y, p: sk.root_mean_squared_error(y, p), root_mean_of(_squared)),
        Metric(
            "rmsle",
            "number",
            False,
            0.0,
            lambda y, p: sk.root_mean_squared_log_error(y, p),
            root_mean_of(_squared_log),
            minimum=0.0,
        ),
        Metric("r2", "number", True, 1.0, lambda y, p: sk.r2_score(y, p), _r2_weighted),
        Metric("spearman", "number", True, 1.0, _correlation, _spearman_weighted),
        Metric("accuracy", "label", True, 1.0, lambda y, p: sk.accuracy_score(y, p), mean_of(_same)),
        Metric(
            "macro_f1",
            "label",
            True,
            1.0,
            lambda y, p: sk.f1_score(y, p, average="macro", zero_division=0.0),
            _macro_f1_weighted,
        ),
        Metric("f1", "label", True, 1.0, lambda y, p: sk.f1_score(y == 1, p == 1, zero_division=0.0), _f1_weighted),
        Metric("log_loss", "probability", False, 0.0, _log_loss, mean_of(_log_loss_terms)),
        Metric("roc_auc", "ranking", True, 1.0, lambda y, p: sk.roc_auc_score(y, p), _roc_auc_weighted),
    )
}
