import numpy as np


def class_factors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """A factor for the score of each class that improves the metric, found one class at a time."""
    factors = np.ones(predicted.shape[1])
    for step in (0.25, 0.1, 0.1):
        for number in range(len(factors)):
            trials = factors[number] * np.exp(step * np.array([0, -2, -1, 1, 2]))
            losses = []
            for trial in trials:
                changed = factors.copy()
                changed[number] = trial
                losses.append(loss(truth, predicted * changed))
            factors[number] = trials[int(np.argmin(losses))]
    return factors
