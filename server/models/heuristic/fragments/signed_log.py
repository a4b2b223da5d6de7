import numpy as np


def signed_log(values: np.ndarray) -> np.ndarray:
    """log(1 + |value|) with the sign of the value."""
    return np.sign(values) * np.log1p(np.abs(values))
