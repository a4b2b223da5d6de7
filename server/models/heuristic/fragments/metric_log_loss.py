import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean negative log of the probability given to the true class."""
    chance = np.clip(predicted[np.arange(len(truth)), truth], 1e-15, 1.0)
    return float(-np.log(chance).mean())
