"""The bootstrap behind every standard error: seeded resamples of rows, or of whole groups where rows hang together.

A resample is kept as how often each row was drawn, so that a metric can be computed for many resamples at once as a
weighted sum. The same split is always resampled the same way, for every candidate of every run.
"""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np

RESAMPLES = 200
CACHED_CELLS = 4_000_000
"""Weights of up to this many cells are kept (32 MB); larger ones are made anew, a few resamples at a time."""


class Bootstrap:
    """Resamples of one split. Source: Efron and Tibshirani 1993, chapter 6; for groups, the cluster bootstrap."""

    def __init__(self, rows: int, groups: np.ndarray | None, label: str, resamples: int = RESAMPLES) -> None:
        self.rows = rows
        self.groups = groups
        self.resamples = resamples
        self._seed = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big")
        self._cache: np.ndarray | None = None

    def chunks(self) -> Iterator[np.ndarray]:
        """Weights as float64 of shape (resamples in this chunk, rows)."""
        if self._cache is not None:
            yield self._cache
            return
        per_chunk = max(1, min(self.resamples, CACHED_CELLS // max(1, self.rows)))
        generator = np.random.Generator(np.random.PCG64(self._seed))
        units = self.rows if self.groups is None else int(self.groups.max()) + 1
        for start in range(0, self.resamples, per_chunk):
            weights = np.empty((min(per_chunk, self.resamples - start), self.rows), dtype=np.float64)
            for resample in weights:
                drawn = np.bincount(generator.integers(0, units, units), minlength=units)
                resample[:] = drawn if self.groups is None else drawn[self.groups]
            if per_chunk == self.resamples:
                self._cache = weights
            yield weights

    def standard_error(self, weighted: Callable[[np.ndarray], np.ndarray]) -> float:
        """Standard deviation of a metric over the resamples; those where it is undefined are left out.

        weighted: from weights (R, rows) to the metric of each resample (R,).
        """
        with np.errstate(all="ignore"):
            values = np.concatenate([weighted(chunk) for chunk in self.chunks()])
        return spread(values)


def spread(values: np.ndarray) -> float:
    """Sample standard deviation of the finite values; 0 where there are fewer than two."""
    finite = values[np.isfinite(values)]
    return float(np.std(finite, ddof=1)) if finite.size > 1 else 0.0
