import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the variance that is explained."""
    return float(1 - np.sum((predicted - truth) ** 2) / max(np.sum((truth - truth.mean()) ** 2), 1e-12))
