"""Writes small made-up data sets with every trap that programs must stand: usage `make_data.py FOLDER`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

GENERATOR = np.random.default_rng(3)


def lay_out(
    root: Path, name: str, frame: pd.DataFrame, targets: list[str], held: np.ndarray, **arrays: np.ndarray
) -> None:
    """Splits rows into train/ and eval/ as a prepared task has them."""
    train, inputs = frame[~held], frame[held].drop(columns=targets)
    inputs.insert(0, "id", [f"r{number:04d}" for number in range(len(inputs))])
    for folder, table, file, rows in (("train", train, "train.csv", ~held), ("eval", inputs, "inputs.csv", held)):
        (root / name / folder).mkdir(parents=True, exist_ok=True)
        table.to_csv(root / name / folder / file, index=False)
        for key, array in arrays.items():
            np.save(root / name / folder / f"{key}.npy", array[rows])


def table(rows: int) -> pd.DataFrame:
    """Columns of every kind, with gaps, infinities, a constant, an empty column, and unseen categories."""
    area = GENERATOR.gamma(4, 30, rows)
    town = GENERATOR.choice(["north", "south", "east", "west"], rows)
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": GENERATOR.integers(1, 9, rows).astype(float),
            "ratio": np.where(GENERATOR.random(rows) < 0.02, np.inf, GENERATOR.normal(size=rows)),
            "town": town,
            "kind": GENERATOR.choice(["flat", "house"], rows),
            "street": [
                f"{GENERATOR.choice(['old', 'new', 'long'])} street {number}"
                for number in GENERATOR.integers(0, 90, rows)
            ],
            "notes": [
                " ".join(GENERATOR.choice(["sunny", "quiet", "loud", "garden", "pool"], 4)) + f" {number}"
                for number in range(rows)
            ],
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(GENERATOR.integers(0, 9000, rows), unit="D"),
            "country": "nowhere",
            "empty": np.nan,
            "is_new": GENERATOR.random(rows) < 0.3,
        }
    )
    value = (
        area * 3 + (town == "north") * 100 + frame["notes"].str.contains("pool") * 80 + GENERATOR.normal(0, 10, rows)
    )
    frame["price"] = np.exp(value / 200)
    frame["sold"] = (value + GENERATOR.normal(0, 60, rows) > value.median()).astype(int)
    frame["colour"] = np.where(value > value.quantile(0.7), "red", np.where(town == "south", "blue", "green"))
    frame.loc[GENERATOR.random(rows) < 0.15, ["rooms", "town", "built"]] = np.nan
    frame.loc[: rows // 4, "kind"] = "castle"
    return frame


def main(root: Path) -> None:
    """All data sets."""
    frame = table(300)
    held = np.arange(300) < 60
    frame.loc[~held & (frame["kind"] == "castle"), "kind"] = "flat"
    for name, target in (("price", ["price"]), ("sold", ["sold"]), ("colour", ["colour"]), ("both", ["price", "area"])):
        others = [column for column in ("price", "sold", "colour") if column not in target]
        lay_out(root, name, frame.drop(columns=others), target, held)
    lay_out(
        root,
        "tiny",
        frame[["rooms", "town", "price"]].iloc[40:75].reset_index(drop=True),
        ["price"],
        np.arange(35) < 20,
    )
    words = frame[["town", "kind", "colour"]]
    lay_out(root, "words", words, ["colour"], held)

    digit = GENERATOR.integers(1, 4, 240)
    images = GENERATOR.integers(0, 60, (240, 12, 12))
    for number, image in zip(digit, images):
        image[2:10, 3 * number - 1] = 250
    held = np.arange(240) < 50
    lay_out(root, "digits", pd.DataFrame({"digit": digit}), ["digit"], held, images=images.astype(np.uint8))

    vocabulary = {"a": ["swim", "swimming", "water"], "b": ["fly", "flying", "wing"], "c": ["dig", "digging", "earth"]}
    kind = GENERATOR.choice(list(vocabulary), 240, p=[0.6, 0.3, 0.1])
    gloss = [" ".join(GENERATOR.choice(vocabulary[each] + ["the", "of", "and", "slowly"], 6)) for each in kind]
    texts = pd.DataFrame(
        {"gloss": gloss, "example": np.where(GENERATOR.random(240) < 0.3, None, "it was so"), "class": kind}
    )
    lay_out(root, "texts", texts, ["class"], held)
    lay_out(
        root, "lengths", pd.DataFrame({"gloss": gloss, "size": [float(len(each)) for each in gloss]}), ["size"], held
    )

    months = pd.period_range("2005-01", periods=90, freq="M")
    panel = pd.DataFrame(
        [
            {
                "city": city,
                "year": month.year,
                "month": month.month,
                "sales": scale * (10 + 3 * np.sin(month.month) + GENERATOR.normal()),
            }
            for city, scale in (("Ayton", 1), ("Beeham", 20), ("Ceeford", 300))
            for month in months
        ]
    )
    panel.loc[(panel["city"] == "Ayton") & (panel["year"] < 2007), "sales"] = np.nan
    panel.loc[GENERATOR.random(len(panel)) < 0.03, "sales"] = np.nan
    future = ((panel["year"] * 12 + panel["month"]) > 2011 * 12 + 12).to_numpy()
    lay_out(
        root,
        "sales",
        panel.sample(frac=1, random_state=0).reset_index(drop=True),
        ["sales"],
        future[panel.sample(frac=1, random_state=0).index],
    )

    days = pd.date_range("2020-01-01", periods=120, freq="D")
    change = np.sin(np.arange(120) / 7 * 2 * np.pi) + GENERATOR.normal(0, 0.1, 120)
    lay_out(root, "daily", pd.DataFrame({"when": days, "change": change}), ["change"], np.arange(120) >= 113)


main(Path(sys.argv[1]))
