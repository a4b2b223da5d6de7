"""Reference programs for the built-in tasks: naive, simple and strong, each a function from train and inputs to predictions.

They put a search's scores into proportion. None of them sees a hidden label: `measure.py` calls them with what a program
gets, and scores what they return. "Strong" is what a practised person reaches in an afternoon on a small machine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC


@dataclass
class View:
    """What a program gets in one run."""

    train: pd.DataFrame
    inputs: pd.DataFrame
    train_arrays: dict[str, np.ndarray]
    eval_arrays: dict[str, np.ndarray]

    @staticmethod
    def read(train: Path, inputs: Path) -> "View":
        """Reads the two folders of a run."""
        return View(
            pd.read_csv(train / "train.csv"),
            pd.read_csv(inputs / "inputs.csv", dtype={"id": str}),
            {path.stem: np.load(path) for path in train.glob("*.npy")},
            {path.stem: np.load(path) for path in inputs.glob("*.npy")},
        )


Baseline = Callable[[View], np.ndarray]

# Diamonds -------------------------------------------------------------------------------------------------------------

GRADES = {
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": list("JIHGFED"),
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}


def diamonds_naive(view: View) -> np.ndarray:
    """One price for all: exp of the mean of ln(1 + price)."""
    return np.full(len(view.inputs), np.expm1(np.log1p(view.train["price"]).mean()))


def diamonds_simple(view: View) -> np.ndarray:
    """Least squares of log price on log carat and one-hot grades."""
    encoder = make_column_transformer(
        (FunctionTransformer(np.log), ["carat"]), (OneHotEncoder(drop="first"), list(GRADES))
    )
    model = make_pipeline(encoder, LinearRegression())
    return np.expm1(model.fit(view.train, np.log1p(view.train["price"])).predict(view.inputs))


def diamond_features(frame: pd.DataFrame) -> pd.DataFrame:
    """Grades as ranks, sizes with 0 as missing, volume, proportions and density."""
    features = frame[["carat", "depth", "table", "x", "y", "z"]].copy()
    for column, order in GRADES.items():
        features[column] = frame[column].map(order.index)
    sizes = features[["x", "y", "z"]].replace(0, np.nan)
    features[["x", "y", "z"]] = sizes
    features["volume"] = sizes.prod(axis=1, skipna=False)
    features["density"] = features["carat"] / features["volume"]
    features["elongation"] = sizes["x"] / sizes["y"]
    return features


def diamonds_strong(view: View) -> np.ndarray:
    """Mean of three seeds of gradient-boosted trees on log price, small steps."""
    train, inputs = diamond_features(view.train), diamond_features(view.inputs)
    target = np.log1p(view.train["price"])
    predictions = []
    for seed in range(3):
        model = HistGradientBoostingRegressor(
            learning_rate=0.03,
            max_iter=1200,
            early_stopping=False,
            max_leaf_nodes=31,
            min_samples_leaf=15,
            l2_regularization=1.0,
            max_features=0.5,
            random_state=seed,
        )
        predictions.append(model.fit(train, target).predict(inputs))
    return np.expm1(np.mean(predictions, axis=0))


# Bird strikes ---------------------------------------------------------------------------------------------------------


def birdstrikes_naive(view: View) -> np.ndarray:
    """The share of damage in training."""
    return np.full(len(view.inputs), view.train["damage"].mean())


def birdstrikes_simple(view: View) -> np.ndarray:
    """The share of damage for each size of the animal."""
    return view.inputs["wildlife_size"].map(view.train.groupby("wildlife_size")["damage"].mean()).to_numpy()


def birdstrike_features(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing speed as its own column, day of the year as a circle, year, size and phase together."""
    features = frame.copy()
    date = pd.to_datetime(frame["date"])
    angle = 2 * np.pi * date.dt.dayofyear / 365.25
    features["season_sin"], features["season_cos"] = np.sin(angle), np.cos(angle)
    features["year"] = date.dt.year
    features["speed_missing"] = frame["speed_knots"].isna().astype(float)
    features["speed_knots"] = frame["speed_knots"].fillna(140)
    features["size_phase"] = frame["wildlife_size"] + " " + frame["phase"]
    features["family"] = frame["aircraft"].str.extract(r"^([A-Z]+-?\d*)", expand=False).fillna("other")
    return features


def birdstrikes_strong(view: View) -> np.ndarray:
    """Regularised logistic regression on one-hot levels, splines of speed and year, and season."""
    levels = [
        "airport",
        "aircraft",
        "family",
        "operator",
        "state",
        "phase",
        "wildlife_size",
        "species",
        "time_of_day",
        "size_phase",
    ]
    encoder = ColumnTransformer(
        [
            ("levels", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), levels),
            (
                "splines",
                make_pipeline(SplineTransformer(5, knots="quantile"), StandardScaler()),
                ["speed_knots", "year"],
            ),
            ("numbers", "passthrough", ["season_sin", "season_cos", "speed_missing"]),
        ]
    )
    model = make_pipeline(encoder, LogisticRegression(C=0.15, max_iter=2000))
    train, inputs = birdstrike_features(view.train), birdstrike_features(view.inputs)
    return model.fit(train, view.train["damage"]).predict_proba(inputs)[:, 1]


# Digits ---------------------------------------------------------------------------------------------------------------


def digits_naive(view: View) -> np.ndarray:
    """The most frequent digit."""
    return np.full(len(view.inputs), view.train["digit"].mode()[0])


def digits_simple(view: View) -> np.ndarray:
    """Logistic regression on pixels."""
    flat = [view.train_arrays["images"].reshape(-1, 784) / 255.0, view.eval_arrays["images"].reshape(-1, 784) / 255.0]
    return LogisticRegression(max_iter=100).fit(flat[0], view.train["digit"]).predict(flat[1])


def deskewed(images: np.ndarray) -> np.ndarray:
    """Each image sheared upright and centred by its moments; float in 0 to 1, shape (rows, 28, 28)."""
    rows, columns = np.mgrid[:28, :28]
    result = np.empty(images.shape, dtype=np.float32)
    for index, image in enumerate(images / 255.0):
        mass = image.sum()
        row, column = (rows * image).sum() / mass, (columns * image).sum() / mass
        spread = (((rows - row) ** 2) * image).sum()
        shear = ((rows - row) * (columns - column) * image).sum() / spread
        matrix = np.array([[1, 0], [shear, 1]])
        offset = np.array([row, column]) - matrix @ np.array([13.5, 13.5])
        result[index] = ndimage.affine_transform(image, matrix, offset=offset, order=1)
    return result


def digits_strong(view: View) -> np.ndarray:
    """RBF support vector machine on deskewed images and copies shifted by a pixel each way."""
    train, inputs = deskewed(view.train_arrays["images"]), deskewed(view.eval_arrays["images"])
    copies = [np.roll(train, shift, axis=(1, 2)) for shift in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    model = SVC(C=8, gamma=0.02, cache_size=1000)
    model.fit(np.concatenate(copies).reshape(-1, 784), np.tile(view.train["digit"], len(copies)))
    return model.predict(inputs.reshape(-1, 784))


# Verbs ----------------------------------------------------------------------------------------------------------------


def verbs_naive(view: View) -> np.ndarray:
    """The most frequent class."""
    return np.full(len(view.inputs), view.train["class"].mode()[0], dtype=object)


def verbs_simple(view: View) -> np.ndarray:
    """Naive Bayes on words of the definition."""
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), MultinomialNB(alpha=0.05))
    return model.fit(view.train["definition"], view.train["class"]).predict(view.inputs["definition"])


def verbs_strong(view: View) -> np.ndarray:
    """Linear support vector machine on words and characters of definition and examples, and on characters of the lemmas."""

    def part(column: str, **options: object) -> object:
        pick = FunctionTransformer(lambda frame: frame[column].fillna(""), validate=False)
        return make_pipeline(pick, TfidfVectorizer(sublinear_tf=True, **options))

    union = make_union(
        part("definition", ngram_range=(1, 2)),
        part("definition", analyzer="char_wb", ngram_range=(2, 5)),
        part("examples", ngram_range=(1, 1)),
        part("lemmas", analyzer="char_wb", ngram_range=(2, 5)),
        part("lemmas", token_pattern=r"[^;]+"),
    )
    model = make_pipeline(union, LinearSVC(C=0.4, class_weight="balanced"))
    return model.fit(view.train, view.train["class"]).predict(view.inputs)


# Texas housing --------------------------------------------------------------------------------------------------------


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Months by cities, missing months as NaN."""
    table = frame.assign(date=pd.to_datetime(frame["date"])).pivot(index="date", columns="city", values="sales")
    return table.asfreq("MS")


def at(table: pd.DataFrame, inputs: pd.DataFrame, months_back: int) -> np.ndarray:
    """The value `months_back` before each row of the inputs; NaN outside the table."""
    dates = pd.to_datetime(inputs["date"]) - pd.DateOffset(months=months_back)
    return np.array([table.at[d, c] if d in table.index else np.nan for d, c in zip(dates, inputs["city"])])


def txhousing_naive(view: View) -> np.ndarray:
    """The last value known."""
    return view.inputs["city"].map(wide(view.train).ffill().iloc[-1]).to_numpy()


def txhousing_simple(view: View) -> np.ndarray:
    """Last year's same month; the last value where that is missing."""
    seasonal = at(wide(view.train), view.inputs, 12)
    return np.where(np.isfinite(seasonal), seasonal, txhousing_naive(view))


def pooled_boosting(
    past: pd.DataFrame, target: pd.Series, ahead: pd.DataFrame, weight: np.ndarray | None
) -> np.ndarray:
    """Mean of five seeds of boosted trees with absolute loss, one model for all cities."""
    predicted = np.zeros(len(ahead))
    for seed in range(5):
        model = HistGradientBoostingRegressor(
            loss="absolute_error",
            learning_rate=0.04,
            max_iter=250,
            max_leaf_nodes=12,
            min_samples_leaf=40,
            l2_regularization=5.0,
            max_features=0.5,
            random_state=seed,
        )
        predicted += model.fit(past, target, sample_weight=weight).predict(ahead) / 5
    return predicted


def rows_at_origin(logs: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """Features for every city and each of the 12 months from `origin` on, from what is known before it."""
    known = logs[logs.index < origin]
    level, before = known.tail(12).mean(), known.iloc[-24:-12].mean()
    shape = known.sub(known.rolling(12, min_periods=8).mean(), axis=0)
    fixed = pd.DataFrame(
        {
            "level": level,
            "growth": level - before,
            "recent": known.tail(3).mean() - known.iloc[-15:-12].mean(),
            "half": known.tail(6).mean() - known.iloc[-18:-12].mean(),
            "noise": known.tail(24).diff().std(),
        }
    )
    fixed["market"] = fixed["recent"].median()
    parts = []
    for step, date in enumerate(pd.date_range(origin, periods=12, freq="MS")):
        season = shape[shape.index.month == date.month].tail(5).mean()
        year_ago = known.loc[date - pd.DateOffset(months=12)] - level
        part = fixed.assign(date=date, step=step, month=date.month, season=season, year_ago=year_ago)
        part["base"] = level + year_ago.fillna(season) / 2 + season / 2
        parts.append(part.rename_axis("city").reset_index())
    return pd.concat(parts, ignore_index=True)


def from_origins(table: pd.DataFrame, origin: pd.Timestamp) -> pd.Series:
    """Log forecasts learnt from past origins: each target relative to its city's level and season at its origin."""
    logs = np.log(table)
    parts = []
    for back in range(12, 121, 3):
        part = rows_at_origin(logs, origin - pd.DateOffset(months=back))
        part["target"] = [logs.at[d, c] for d, c in zip(part["date"], part["city"])] - part["base"]
        part["weight"] = 0.98 ** (back / 3)
        parts.append(part)
    past, ahead = pd.concat(parts).dropna(subset=["target"]), rows_at_origin(logs, origin)
    columns = ["growth", "recent", "half", "noise", "market", "step", "month", "season", "year_ago"]
    predicted = pooled_boosting(past[columns], past["target"], ahead[columns], past["weight"].to_numpy())
    return pd.Series(predicted + ahead["base"].to_numpy(), index=pd.MultiIndex.from_frame(ahead[["date", "city"]]))


def from_yearly_lags(table: pd.DataFrame, origin: pd.Timestamp) -> pd.Series:
    """Log forecasts from values at least a year old alone, so that every month of the history is a training row."""
    months = pd.date_range(table.index[0], periods=len(table) + 12, freq="MS")
    logs = np.log(table.reindex(months))
    year, quarter = logs.rolling(12, min_periods=6).mean(), logs.rolling(3, min_periods=2).mean()
    base = year.shift(12)
    shape = (logs - year).shift(12)
    frames = {f"lag{lag}": logs.shift(lag) - base for lag in (12, 13, 14, 15, 24, 36)}
    frames |= {
        "year2": year.shift(24) - base,
        "year3": year.shift(36) - base,
        "quarter": quarter.shift(12) - base,
        "growth": (quarter - quarter.shift(12)).shift(12),
        "season": sum(shape.shift(12 * back).fillna(0) for back in range(4)) / 4,
        "noise": logs.diff().rolling(24, min_periods=8).std().shift(12),
        "level": base,
    }
    features = pd.concat({name: frame.stack(future_stack=True) for name, frame in frames.items()}, axis=1)
    dates = features.index.get_level_values(0)
    features["month"] = dates.month
    target = (logs - base).stack(future_stack=True)
    past, ahead = (dates < origin) & target.notna().to_numpy(), dates >= origin
    predicted = pooled_boosting(features[past], target[past], features[ahead], None)
    return pd.Series(predicted, index=features.index[ahead]) + base.stack(future_stack=True)[ahead]


def txhousing_strong(view: View) -> np.ndarray:
    """Mean of two boosted models of log sales pooled over cities: one from past origins, one from lags of a year and more."""
    table = wide(view.train)
    origin = table.index[-1] + pd.DateOffset(months=1)
    forecast = np.exp((from_origins(table, origin) + from_yearly_lags(table, origin)) / 2)
    values = [forecast.get(key, np.nan) for key in zip(pd.to_datetime(view.inputs["date"]), view.inputs["city"])]
    return np.where(np.isfinite(values), values, txhousing_simple(view))


BASELINES: dict[str, dict[str, Baseline]] = {
    "diamonds": {"naive": diamonds_naive, "simple": diamonds_simple, "strong": diamonds_strong},
    "birdstrikes": {"naive": birdstrikes_naive, "simple": birdstrikes_simple, "strong": birdstrikes_strong},
    "digits": {"naive": digits_naive, "simple": digits_simple, "strong": digits_strong},
    "verbs": {"naive": verbs_naive, "simple": verbs_simple, "strong": verbs_strong},
    "txhousing": {"naive": txhousing_naive, "simple": txhousing_simple, "strong": txhousing_strong},
}

warnings.filterwarnings("ignore", category=RuntimeWarning)
