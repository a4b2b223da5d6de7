"""A 'sample' task: predicts digit with svm.

Written by AIRA2's built-in heuristic, not by a language model. It reads the comment below to build on this program.
"""

# aira-genome-begin
# {"v":1,"modality":"image","program":{"folds":1,"blend":"greedy","target":"raw","adjust":"none"},
#  "members":[
#   {"family":"svm","genes":{"shape":"deskew","features":"hog","cell":4,"orientations":9,"components":60,"shifts":"shift-4","strength":5,"gamma":1}}]}
# aira-genome-end

import os

# Before numpy starts its threads: no more of them than this run may use.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, os.environ.get("AIRA_CPUS", "1"))

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.svm import SVC

TRAIN_DIR, EVAL_DIR, OUT_DIR = (Path(os.environ[f"AIRA_{name}_DIR"]) for name in ("TRAIN", "EVAL", "OUT"))
SEED = int(os.environ.get("AIRA_SEED", "0"))
TIME_LIMIT_S = float(os.environ.get("AIRA_TIME_LIMIT_S", "3600"))
STARTED = time.monotonic()

METRIC = "accuracy"
TARGET = "digit"
IMAGES = "images.npy"
LABELS = pd.read_csv(TRAIN_DIR / "train.csv", usecols=[TARGET], dtype=str, keep_default_na=False)[TARGET]
CLASSES = sorted(label for label in LABELS.unique() if label != "")


def say(what: str) -> None:
    """A line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {what}", flush=True)


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of rows whose most probable class is the true one."""
    return float(np.mean(predicted.argmax(axis=1) == truth))


def deskew(images: np.ndarray) -> np.ndarray:
    """Images, shape (n, height, width), sheared upright by their second moments and moved to the centre."""
    height, width = images.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    upright = np.empty_like(images)
    for number, image in enumerate(images):
        mass = image.sum() + 1e-9
        row, column = (rows * image).sum() / mass, (columns * image).sum() / mass
        variance = ((rows - row) ** 2 * image).sum() / mass + 1e-9
        slant = ((rows - row) * (columns - column) * image).sum() / mass / variance
        matrix = np.array([[1.0, 0.0], [slant, 1.0]])
        offset = np.array([row, column]) - matrix @ np.array([(height - 1) / 2, (width - 1) / 2])
        upright[number] = ndimage.affine_transform(image, matrix, offset=offset, order=1)
    return upright


def read_rows(folder: Path, table: pd.DataFrame) -> np.ndarray:
    """The images of the rows in grey, shape (n, height, width), set upright."""
    images = np.load(folder / IMAGES, mmap_mode="r")[table.index.to_numpy()].astype(np.float32)
    images /= 255
    return deskew(images)


def groups_of(rows: np.ndarray) -> np.ndarray:
    """Equal images form a group."""
    return np.array([hash(image.tobytes()) for image in rows])


def read_training_rows() -> tuple[np.ndarray, np.ndarray]:
    """The training rows whose target is known, and the target as numbers of CLASSES."""
    table = pd.read_csv(TRAIN_DIR / "train.csv")
    known = (LABELS != "").to_numpy()
    target = np.searchsorted(CLASSES, LABELS[known])
    return read_rows(TRAIN_DIR, table[known]), target


def read_inputs() -> tuple[np.ndarray, pd.Series]:
    """The rows to predict, and their ids."""
    table = pd.read_csv(EVAL_DIR / "inputs.csv", dtype={"id": str})
    return read_rows(EVAL_DIR, table), table["id"]


def fold_numbers(groups: np.ndarray, count: int) -> np.ndarray:
    """The fold of every row, 0 to count - 1. Rows of a group share it: duplicates must not flatter the estimate."""
    codes = pd.factorize(groups)[0]
    if codes.max() < 5 * count:
        codes = np.arange(len(groups))  # too few groups to part: every row for itself
    shuffled = np.random.default_rng(SEED).permutation(codes.max() + 1)
    return shuffled[codes] % count


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


def shifted(images: np.ndarray, target: np.ndarray, moves: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The images and copies of them moved by (rows, columns), with their targets; the border is repeated."""
    copies, targets = [images], [target]
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    for down, right in moves:
        copies.append(padded[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width])
        targets.append(target)
    return np.concatenate(copies), np.concatenate(targets)


def class_scores(fitted: object, scores: np.ndarray) -> np.ndarray:
    """Scores of a fitted model with a column for each of CLASSES, also of those it has not seen in training."""
    complete = np.zeros((len(scores), len(CLASSES)))
    complete[:, np.asarray(fitted.classes_, dtype=int)] = scores
    return complete


def decision_scores(fitted: object, decision: np.ndarray, sharpness: float) -> np.ndarray:
    """Distances from the decision surfaces as scores that sum to 1."""
    if decision.ndim == 1:
        decision = np.column_stack([-decision, decision])
    exponent = np.exp(sharpness * (decision - decision.max(axis=1, keepdims=True)))
    return class_scores(fitted, exponent / exponent.sum(axis=1, keepdims=True))


def svm(rows: np.ndarray, target: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A Gaussian-kernel SVM on 60 components of gradients of upright images, with shifted copies."""

    def describe(images: np.ndarray) -> np.ndarray:
        return hog(images, 4, 9)

    rows, target = shifted(rows, target, [(0, 1), (0, -1), (1, 0), (-1, 0)])
    matrix = describe(rows)
    reduce = PCA(min(60, *matrix.shape), svd_solver="randomized", random_state=seed)
    matrix = reduce.fit_transform(matrix)
    scale = matrix.std()
    matrix = matrix / scale
    model = SVC(C=5, gamma=1 / (matrix.shape[1] * matrix.var()), decision_function_shape="ovr")
    model.fit(matrix, target)

    def predict(rows: np.ndarray) -> np.ndarray:
        matrix = reduce.transform(describe(rows)) / scale
        return decision_scores(model, model.decision_function(matrix), 2)

    return predict


MEMBERS = {
    "svm": svm,
}


def predict_inputs(rows: np.ndarray, target: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Estimates on a fifth of the rows, then learns from all; returns the score of each class for the inputs."""
    held = fold_numbers(groups_of(rows), 5) == 0
    predictors = [fit(rows[~held], target[~held], SEED) for fit in MEMBERS.values()]
    held_out = [predict(rows[held]) for predict in predictors]
    for name, each in zip(MEMBERS, held_out):
        say(f"{name} local holdout {METRIC}={metric(target[held], each):.5f}")
    if time.monotonic() - STARTED < 0.4 * TIME_LIMIT_S:  # else the models of the estimate must do
        predictors = [fit(rows, target, SEED) for fit in MEMBERS.values()]
    predicted = [predict(inputs) for predict in predictors]
    return predicted[0]


def write(ids: pd.Series, predicted: np.ndarray) -> None:
    """Writes the predictions file, one row for each input."""
    columns = {"id": ids.to_numpy()}
    columns["digit"] = np.array(CLASSES)[predicted.argmax(axis=1)]
    OUT_DIR.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(OUT_DIR / "predictions.csv", index=False)
    say(f"wrote predictions of {len(ids)} rows")


def main() -> None:
    """Reads, learns, writes."""
    rows, target = read_training_rows()
    inputs, ids = read_inputs()
    say(f"{len(target)} training rows, {len(ids)} inputs")
    write(ids, predict_inputs(rows, target, inputs))


if __name__ == "__main__":
    main()
