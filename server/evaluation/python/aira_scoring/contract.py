"""What the server tells the scoring process about its task, checked once."""

import re
from dataclasses import dataclass
from typing import Any

from .faults import TaskFault

INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
SPLITS = ("search", "validation", "test")


@dataclass(frozen=True)
class Column:
    """A column of the predictions file, as the manifest declares it."""

    name: str
    dtype: str
    minimum: float | None
    maximum: float | None
    levels: tuple[str | int | float, ...] | None


@dataclass(frozen=True)
class Contract:
    """The manifest's prediction and metric parts."""

    task: str
    targets: tuple[str, ...]
    pooled: bool
    align: str
    id_column: str | None
    columns: tuple[Column, ...]
    row_sum: float | None
    max_bytes: int
    metric: str | None
    command: tuple[str, ...] | None
    command_directory: str
    grade_s: float
    maximize: bool
    bounds: tuple[float | None, float | None]
    optimum: float | None

    @staticmethod
    def of(message: dict[str, Any]) -> "Contract":
        """Reads the configuration line, whose shape is the server's word; checks what the manifest leaves open."""
        prediction, metric = message["prediction"], message["metric"]
        ids = [column["name"] for column in prediction["columns"] if column["role"] == "id"]
        columns = tuple(_column(column) for column in prediction["columns"] if column["role"] == "value")
        names = ids + [column.name for column in columns]
        if not columns:
            raise TaskFault("prediction.columns has no column of role value: declare what a program is to predict")
        if len(set(names)) < len(names):
            raise TaskFault("prediction.columns names a column twice")
        if prediction["align"] == "id" and len(ids) != 1:
            raise TaskFault("prediction.align is id: declare exactly one column of role id")
        low, high = metric["bounds"]
        return Contract(
            task=message["task"],
            targets=tuple(message["targets"]),
            pooled=message["pooled"],
            align=prediction["align"],
            id_column=ids[0] if ids else None,
            columns=columns,
            row_sum=prediction.get("row_sum"),
            max_bytes=prediction["max_bytes"],
            metric=metric["impl"].get("builtin"),
            command=tuple(metric["impl"]["cmd"]) if "cmd" in metric["impl"] else None,
            command_directory=message["commandDirectory"],
            grade_s=metric["gradeSeconds"],
            maximize=metric["direction"] == "maximize",
            bounds=(low, high),
            optimum=metric.get("optimum"),
        )

    @property
    def header(self) -> list[str]:
        """The columns that a predictions file must have."""
        return ([self.id_column] if self.id_column else []) + [column.name for column in self.columns]


def _column(declared: dict[str, Any]) -> Column:
    """A value column, its levels in the column's own type."""
    levels: tuple[str | int | float, ...] | None = None
    if declared.get("levels") is not None:
        levels = tuple(level_of(str(level), declared["dtype"]) for level in declared["levels"])
        if len(set(levels)) != len(levels) or not levels:
            raise TaskFault(f"prediction column {declared['name']!r}: levels must be distinct and not empty")
    return Column(declared["name"], declared["dtype"], declared.get("min"), declared.get("max"), levels)


def level_of(text: str, dtype: str) -> str | int | float:
    """A label in the type of its column. Labels of different types never compare equal (the paper's Appendix A)."""
    if dtype == "string":
        return text
    if dtype == "int":
        if INTEGER.fullmatch(text) is None:
            raise TaskFault("a label is no integer although the prediction column is declared int: use dtype string")
        return int(text)
    try:
        return float(text)
    except ValueError:
        raise TaskFault("a level is no number although the prediction column is declared float") from None
