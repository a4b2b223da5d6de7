import numpy as np


def hog(images: np.ndarray, cell: int, orientations: int) -> np.ndarray:
    """Histograms of oriented gradients (Dalal and Triggs 2005), shape (n, features): blocks of 2 x 2 square cells."""
    count, down, across = len(images), images.shape[1] // cell, images.shape[2] // cell
    vertical, horizontal = np.gradient(images[:, : down * cell, : across * cell], axis=(1, 2))
    strength = np.hypot(vertical, horizontal)
    position = (np.arctan2(vertical, horizontal) % np.pi) * (orientations / np.pi)
    lower = np.floor(position)
    upper_share = position - lower
    row, column = np.mgrid[: down * cell, : across * cell] // cell
    place = (np.arange(count)[:, None, None] * down + row) * across + column
    cells = np.zeros(count * down * across * orientations)
    for direction, share in ((lower, 1 - upper_share), (lower + 1, upper_share)):
        index = place * orientations + direction.astype(int) % orientations
        cells += np.bincount(index.ravel(), weights=(strength * share).ravel(), minlength=len(cells))
    cells = cells.reshape(count, down, across, orientations).astype(np.float32)
    blocks = np.concatenate([cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, :-1, 1:], cells[:, 1:, 1:]], axis=-1)
    norms = np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-2)
    return np.minimum(blocks / norms, 0.3).reshape(count, -1)
