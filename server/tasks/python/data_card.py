"""The data card: what a reader of the public files can find out about them, written down once for everybody.

It is made from the public folder alone, so it cannot say more than a program could see for itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelled_table import read_csv_as_text

TOP_LEVELS = 5
SAMPLE_ROWS = 3
LONGEST_CELL = 80


def kind_of(values: pd.Series) -> str:
    """integer, number, date, category or text, judged by the non-empty cells."""
    filled = values[values != ""]
    if filled.empty:
        return "empty"
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.notna().all():
        return "integer" if filled.str.fullmatch(r"[+-]?\d+").all() else "number"
    if filled.str.fullmatch(r"\d{4}-\d{2}-\d{2}([T ][\d:.Z+-]*)?").all():
        return "date"
    if filled.nunique() > max(100, len(filled) // 4) or filled.str.len().mean() > 40:
        return "text"
    return "category"


def short(text: str) -> str:
    """One line, bounded, safe inside a Markdown table."""
    flat = " ".join(text.split()).replace("|", "\\|")
    return flat if len(flat) <= LONGEST_CELL else flat[: LONGEST_CELL - 1] + "…"


def content_of(values: pd.Series, kind: str) -> str:
    """The range of numbers and dates, the most frequent levels of a category, the length of texts."""
    filled = values[values != ""]
    if kind in ("integer", "number"):
        numbers = pd.to_numeric(filled)
        return f"{numbers.min():g} to {numbers.max():g}, median {numbers.median():g}"
    if kind == "date":
        return f"{filled.min()} to {filled.max()}"
    if kind == "text":
        return f"{filled.str.len().median():g} characters in the median, {filled.str.len().max()} at most"
    if kind == "category":
        counts = filled.value_counts()
        levels = ", ".join(f"{short(str(level))} ({count})" for level, count in counts.head(TOP_LEVELS).items())
        more = len(counts) - TOP_LEVELS
        return levels + (f", … {more} more" if more > 0 else "")
    return ""


def files_section(public: Path) -> list[str]:
    """Every file of the public part as a program finds it under /data."""
    lines = ["## Files", "", "| file | rows | content |", "|---|---|---|"]
    for path in sorted(public.rglob("*")):
        name = f"/data/{path.relative_to(public)}"
        if path.suffix == ".csv":
            frame = read_csv_as_text(path)
            lines.append(f"| {name} | {len(frame)} | columns: {', '.join(frame.columns)} |")
        elif path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            lines.append(
                f"| {name} | {array.shape[0]} | array {array.dtype} of shape {list(array.shape)}, values {array.min()} to {array.max()}; "
                "row i belongs to row i of the CSV beside it |"
            )
    return lines


def columns_section(train: pd.DataFrame, inputs: pd.DataFrame, targets: list[str]) -> list[str]:
    """One line for each column of train.csv."""
    lines = [
        "## Columns",
        "",
        "| column | role | type | distinct | missing in train | missing in eval | content (train) |",
        "|---|---|---|---|---|---|---|",
    ]
    for column in train.columns:
        values = train[column]
        kind = kind_of(values)
        role = "target" if column in targets else "feature"
        absent = str(int((inputs[column] == "").sum())) if column in inputs else "not there"
        lines.append(
            f"| {short(column)} | {role} | {kind} | {values[values != ''].nunique()} | {int((values == '').sum())} | {absent} | {content_of(values, kind)} |"
        )
    return lines


def target_section(train: pd.DataFrame, target: str) -> list[str]:
    """The distribution of one target over the training rows."""
    values = train[target][train[target] != ""]
    lines = [f"## Target `{target}` in train", ""]
    counts = values.value_counts()
    if len(counts) <= 30:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        lines += ["| value | rows | share |", "|---|---|---|"]
        return lines + [f"| {short(str(value))} | {count} | {count / len(values):.2%} |" for value, count in ordered]
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any():
        return lines + [f"{len(counts)} distinct values."]
    quantiles = " | ".join(f"{numbers.quantile(q):g}" for q in (0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1))
    return lines + [
        "| min | 1% | 10% | 25% | 50% | 75% | 90% | 99% | max | mean | sd |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        f"| {quantiles} | {numbers.mean():.6g} | {numbers.std():.6g} |",
    ]


def rows_section(title: str, frame: pd.DataFrame) -> list[str]:
    """The first rows of a file."""
    lines = [
        f"## {title}",
        "",
        f"| {' | '.join(short(column) for column in frame.columns)} |",
        "|" + "---|" * len(frame.columns),
    ]
    for _, row in frame.head(SAMPLE_ROWS).iterrows():
        lines.append(f"| {' | '.join(short(str(cell)) for cell in row)} |")
    return lines


def data_card(manifest: dict[str, Any], public: Path) -> str:
    """The card as Markdown."""
    train = read_csv_as_text(public / "train" / "train.csv")
    inputs = read_csv_as_text(public / "eval" / "inputs.csv")
    targets = manifest["data"]["target"]
    sections = [[f"# Data card: {manifest['title']}"], files_section(public), columns_section(train, inputs, targets)]
    sections += [target_section(train, target) for target in targets]
    sections.append(rows_section("First rows of train.csv", train))
    sections.append(rows_section("First rows of inputs.csv", inputs))
    sections.append(
        rows_section("First rows of sample_submission.csv", read_csv_as_text(public / "sample_submission.csv"))
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"
