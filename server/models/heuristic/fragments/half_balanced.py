import numpy as np


def half_balanced(target: np.ndarray) -> dict[int, float]:
    """Class weights half way, in logs, between none and those that make all classes count the same."""
    numbers, counts = np.unique(target, return_counts=True)
    return {int(number): float((len(target) / (len(numbers) * count)) ** 0.5) for number, count in zip(numbers, counts)}
