from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LinearRegression


def fit_stack(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:
    """A linear model of the predictions of all members, with weights that are not negative."""
    model = LinearRegression(positive=True).fit(np.column_stack(held_out), truth)
    return lambda predictions: model.predict(np.column_stack(predictions))
