"""A 'sample' task: predicts price with a blend of hist-gb, linear.

Written by AIRA2's built-in heuristic, not by a language model. It reads the comment below to build on this program.
"""

# aira-genome-begin
# {"v":1,"modality":"tabular","program":{"folds":5,"blend":"greedy","target":"log1p","adjust":"none"},
#  "members":[
#   {"family":"hist-gb","genes":{"categories":"codes","ratios":"ratios","crosses":"none","learningRate":0.08,"iterations":150,"leaves":24,"minLeaf":20,"l2":1,"maxFeatures":0.6}},
#   {"family":"linear","genes":{"categories":"one-hot","numbers":"splines","ratios":"none","crosses":"none","words":"words","minCount":6,"strength":0.5}}]}
# aira-genome-end

import os

# Before numpy starts its threads: no more of them than this run may use.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, os.environ.get("AIRA_CPUS", "1"))

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, SplineTransformer, StandardScaler

TRAIN_DIR, EVAL_DIR, OUT_DIR = (Path(os.environ[f"AIRA_{name}_DIR"]) for name in ("TRAIN", "EVAL", "OUT"))
SEED = int(os.environ.get("AIRA_SEED", "0"))
TIME_LIMIT_S = float(os.environ.get("AIRA_TIME_LIMIT_S", "3600"))
STARTED = time.monotonic()

METRIC = "rmsle"
TARGET = "price"
NUMBERS = ["area", "rooms"]
CATEGORIES = ["town", "kind"]
DATES = ["built"]
DATE_PARTS = [f"{name} {part}" for name in DATES for part in ("day", "month", "weekday")]
RATIO_COLUMNS = ["area", "rooms"]
RATIOS = [f"{first} {sign} {second}" for first, second in combinations(RATIO_COLUMNS, 2) for sign in "/*"]
WORDED = ["notes"]


def say(what: str) -> None:
    """A line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {what}", flush=True)


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared error of log(1 + value)."""
    error = np.log1p(np.maximum(predicted, 0)) - np.log1p(truth)
    return float(np.sqrt(np.mean(error**2)))


def learnable(target: np.ndarray) -> np.ndarray:
    """The target on the scale that members learn."""
    return np.log1p(np.maximum(target, 0))


def restored(predicted: np.ndarray) -> np.ndarray:
    """Predictions back on the scale of the target."""
    return np.expm1(predicted)


def read_rows(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as floats, categories as text, and what is made from them; the same for training rows and inputs."""
    numbers = table[NUMBERS].apply(pd.to_numeric, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    categories = table[CATEGORIES].astype(object).fillna("missing").astype(str)
    columns = {**numbers, **categories}
    for name in DATES:
        date = pd.to_datetime(table[name], errors="coerce", format="mixed")
        columns[f"{name} day"] = (date - pd.Timestamp("2000-01-01")).dt.days.astype(float)
        columns[f"{name} month"] = date.dt.month.astype(float)
        columns[f"{name} weekday"] = date.dt.day_of_week.astype(float)
    logs = {name: np.log(numbers[name].where(numbers[name] > 0)) for name in RATIO_COLUMNS}
    for first, second in combinations(RATIO_COLUMNS, 2):
        columns[f"{first} / {second}"] = logs[first] - logs[second]
        columns[f"{first} * {second}"] = logs[first] + logs[second]
    columns["words"] = table[WORDED].astype(object).fillna("").astype(str).agg(" ".join, axis=1)
    return pd.DataFrame(columns, index=table.index)


def groups_of(rows: pd.DataFrame) -> np.ndarray:
    """A number for each row that equal rows share."""
    return pd.util.hash_pandas_object(rows, index=False).to_numpy()


def read_training_rows() -> tuple[pd.DataFrame, np.ndarray]:
    """The training rows whose target is known, and the target."""
    table = pd.read_csv(TRAIN_DIR / "train.csv")
    values = pd.to_numeric(table[TARGET], errors="coerce")
    known = values.notna().to_numpy()
    target = values[known].to_numpy(dtype=float)
    return read_rows(TRAIN_DIR, table[known]), target


def read_inputs() -> tuple[pd.DataFrame, pd.Series]:
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


def loss(truth: np.ndarray, predicted: np.ndarray) -> float:
    """What should be small: the metric."""
    return metric(truth, restored(predicted))


def blend_weights(predictions: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Weights by adding, 40 times, the member that helps most (Caruana et al. 2004), on rows no member has seen."""
    counts = np.zeros(len(predictions))
    total = np.zeros_like(predictions[0])
    best_loss, best_counts = np.inf, np.ones(len(predictions))
    for size in range(1, 41):
        losses = [loss(truth, (total + each) / size) for each in predictions]
        chosen = int(np.argmin(losses))
        counts[chosen] += 1
        total = total + predictions[chosen]
        if losses[chosen] < best_loss:
            best_loss, best_counts = losses[chosen], counts.copy()
    return best_counts / best_counts.sum()


def fit_blend(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:
    """How to put predictions of the members together, learnt on held-out rows."""
    weights = blend_weights(held_out, truth)
    say("weights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(MEMBERS, weights)))

    def together(predictions: list[np.ndarray]) -> np.ndarray:
        return sum(weight * each for weight, each in zip(weights, predictions))

    return together


def hist_gb(rows: pd.DataFrame, target: np.ndarray, seed: int) -> Callable[[pd.DataFrame], np.ndarray]:
    """Gradient boosting on histograms; categories as codes; with ratios."""
    columns = ColumnTransformer(
        [
            ("numbers", "passthrough", NUMBERS + DATE_PARTS + RATIOS),
            (
                "categories",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=200),
                CATEGORIES,
            ),
        ],
        sparse_threshold=0,
    )
    matrix = columns.fit_transform(rows, target)
    categorical = np.arange(matrix.shape[1])[columns.output_indices_["categories"]]
    model = HistGradientBoostingRegressor(
        learning_rate=0.08,
        max_iter=150,
        max_leaf_nodes=24,
        min_samples_leaf=20,
        l2_regularization=1,
        max_features=0.60,
        categorical_features=categorical,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(matrix, target)
    return lambda rows: model.predict(columns.transform(rows))


def linear(rows: pd.DataFrame, target: np.ndarray, seed: int) -> Callable[[pd.DataFrame], np.ndarray]:
    """A linear model; categories as one hot; numbers: splines."""
    columns = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True),
                    StandardScaler(),
                    SplineTransformer(n_knots=6, knots="uniform", extrapolation="linear"),
                ),
                NUMBERS + DATE_PARTS,
            ),
            ("categories", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=6), CATEGORIES),
            ("words", TfidfVectorizer(min_df=3, sublinear_tf=True), "words"),
        ],
    )
    matrix = columns.fit_transform(rows, target)
    model = Ridge(alpha=2)
    model.fit(matrix, target)
    return lambda rows: model.predict(columns.transform(rows))


MEMBERS = {
    "hist-gb": hist_gb,
    "linear": linear,
}


def predict_inputs(rows: pd.DataFrame, target: np.ndarray, inputs: pd.DataFrame) -> np.ndarray:
    """Learns 5 times from all but one fold; returns predictions of the inputs, the mean over the folds."""
    learnt = learnable(target)
    fold = fold_numbers(groups_of(rows), 5)
    held_out = [np.zeros(len(target)) for _ in MEMBERS]
    predicted = [0.0 for _ in MEMBERS]
    for number in range(5):
        held = fold == number
        for position, fit in enumerate(MEMBERS.values()):
            predict = fit(rows[~held], learnt[~held], SEED + number)
            held_out[position][held] = predict(rows[held])
            predicted[position] = predicted[position] + predict(inputs)
        say(f"fold {number + 1} of 5")
        if (time.monotonic() - STARTED) * (number + 2) / (number + 1) > 0.8 * TIME_LIMIT_S:
            break
    seen = fold <= number
    held_out, truth = [each[seen] for each in held_out], target[seen]
    predicted = [each / (number + 1) for each in predicted]
    for name, each in zip(MEMBERS, held_out):
        say(f"{name} local holdout {METRIC}={metric(truth, restored(each)):.5f}")
    together = fit_blend(held_out, truth)
    say(f"local holdout {METRIC}={metric(truth, restored(together(held_out))):.5f}")
    return restored(together(predicted))


def write(ids: pd.Series, predicted: np.ndarray) -> None:
    """Writes the predictions file, one row for each input."""
    columns = {"id": ids.to_numpy()}
    columns["price"] = np.clip(predicted, 0, None)
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
