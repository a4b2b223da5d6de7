import numpy as np


def seasonal_scale(values: np.ndarray) -> np.ndarray:
    """Of each series, the mean absolute change from one season to the next: what MASE divides errors by."""
    with np.errstate(invalid="ignore"):
        changes = np.abs(values[SEASON:] - values[:-SEASON])
    known = np.isfinite(changes)
    means = np.where(known, changes, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(means > 0, means, np.median(means[means > 0]) if (means > 0).any() else 1.0)
