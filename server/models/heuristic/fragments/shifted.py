import numpy as np


def shifted(images: np.ndarray, target: np.ndarray, moves: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The images and copies of them moved by (rows, columns), with their targets; the border is repeated."""
    copies, targets = [images], [target]
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for down, right in moves:
        copies.append(padded[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width])
        targets.append(target)
    return np.concatenate(copies), np.concatenate(targets)
