"""Scores one variant of a program on rows of the training data that it has not learnt from, on the sample."""

import importlib.util
import json
import sys
import time

import numpy as np


def blended_score(solution: object, held_out: list, truth: np.ndarray) -> float:
    """The metric of the blend, its weights learnt on one half of the held-out rows and judged on the other."""
    restored = getattr(solution, "restored", lambda predicted: predicted)
    combined = held_out[0]
    fit = getattr(solution, "fit_blend", None)
    if fit is not None:
        half = np.random.default_rng(0).random(len(truth)) < 0.5
        combined = np.zeros_like(held_out[0])
        for side in (half, ~half):
            together = fit([each[~side] for each in held_out], truth[~side])
            combined[side] = together([each[side] for each in held_out])
    return solution.metric(truth, restored(combined))


def score_rows(solution: object, tries: int, budget_s: float) -> list[float]:
    """Scores of as many of five folds as asked for and as the time allows."""
    name = getattr(solution, "TARGETS", [None])[0]
    rows, target = solution.read_training_rows(name) if name else solution.read_training_rows()
    learnt = solution.learnable(target) if hasattr(solution, "learnable") else target
    fold = solution.fold_numbers(solution.groups_of(rows), 5)
    scores, started = [], time.monotonic()
    for number in range(tries):
        held = fold == number
        held_out = [fit(rows[~held], learnt[~held], 0)(rows[held]) for fit in solution.MEMBERS.values()]
        scores.append(blended_score(solution, held_out, target[held]))
        if (time.monotonic() - started) * (number + 2) / (number + 1) > budget_s:
            break
    return scores


def score_series(solution: object, tries: int, horizon: int) -> list[float]:
    """Scores of backtests from so many earlier origins."""
    values = solution.read_panel().to_numpy()
    scores = []
    for number in range(tries):
        history = values[: len(values) - number * max(horizon // 2, 1)]
        held_out, truth = solution.backtest(history, horizon, 1)
        if len(truth):
            scores.append(blended_score(solution, held_out, truth))
    return scores


def main(variant: str, tries: int, budget_s: float, horizon: int) -> None:
    """Prints the scores of a variant, fold by fold, as one line."""
    started = time.monotonic()
    spec = importlib.util.spec_from_file_location("solution", f"variants/{variant}/solution.py")
    solution = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(solution)
    is_series = hasattr(solution, "read_panel")
    scores = score_series(solution, tries, horizon) if is_series else score_rows(solution, tries, budget_s)
    seconds = time.monotonic() - started
    print(f"{variant}: {solution.METRIC} {', '.join(f'{score:.5f}' for score in scores)} in {seconds:.1f} s")
    print("AIRA-RESULT " + json.dumps({"variant": variant, "scores": scores, "seconds": seconds}))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
