import numpy as np


def decision_scores(fitted: object, decision: np.ndarray, sharpness: float) -> np.ndarray:
    """Distances from the decision surfaces as scores that sum to 1."""
    if decision.ndim == 1:
        decision = np.column_stack([-decision, decision])
    exponent = np.exp(sharpness * (decision - decision.max(axis=1, keepdims=True)))
    return class_scores(fitted, exponent / exponent.sum(axis=1, keepdims=True))
