"""A metric that is a command: the escape hatch for graders of other benchmarks. The command is the task author's and
trusted; the predictions reach it only after they have been parsed strictly here.

It gets one JSON object on standard input and prints one JSON object on standard output:
  in:  {"split", "answers": {column: [cell, ...]}, "predictions": {column: [value, ...]}, "resamples": [[row, ...]]}
  out: {"score": number, "resampled": [number, ...]} with the score of each resample, or {"score", "standard_error"}
"""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import numpy as np

from .answers import SplitAnswers
from .confinement import die_with_parent
from .contract import Contract
from .faults import TaskFault
from .predictions import Predictions
from .resampling import Bootstrap, spread

RESAMPLES = 50
MAX_REPLY_BYTES = 1024 * 1024
MAX_SAID_BYTES = 4096


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _tell_server(said: bytes | None) -> None:
    """Passes the end of what the command wrote to its standard error on to the server's own log."""
    if said:
        print(said[-MAX_SAID_BYTES:].decode(errors="replace").rstrip(), file=sys.stderr, flush=True)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise TaskFault("the scorer command printed something else than a finite number where a score belongs")
    return float(value)


class ExternalMetric:
    """Runs the manifest's `metric.impl.cmd` for each request, with a deadline."""

    def __init__(self, contract: Contract) -> None:
        if contract.command is None:
            raise TaskFault("metric.impl names neither a built-in metric nor a command")
        self.contract = contract
        self.command = contract.command

    def score(self, split: SplitAnswers, predictions: Predictions) -> tuple[float, float]:
        """Score and standard error. Raises TaskFault when the command fails, hangs, or prints anything else."""
        bootstrap = Bootstrap(split.size, split.groups, f"{self.contract.task}/{split.name}", RESAMPLES)
        resamples = [
            np.repeat(np.arange(split.size), weights.astype(np.int64)).tolist()
            for chunk in bootstrap.chunks()
            for weights in chunk
        ]
        question = {
            "split": split.name,
            "answers": split.targets,
            "predictions": {name: values.tolist() for name, values in predictions.columns.items()},
            "resamples": resamples,
        }
        reply = self._ask(json.dumps(question, allow_nan=False).encode())
        score = _number(reply.get("score"))
        if "standard_error" in reply:
            return score, abs(_number(reply["standard_error"]))
        resampled = reply.get("resampled")
        if not isinstance(resampled, list) or len(resampled) != len(resamples):
            raise TaskFault(f"the scorer command must print resampled with {len(resamples)} scores, or standard_error")
        return score, spread(np.array([_number(value) for value in resampled]))

    def _ask(self, question: bytes) -> dict[str, Any]:
        environment = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "LANG": "C.UTF-8"}
        try:
            process = subprocess.Popen(
                self.command,
                cwd=self.contract.command_directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            raise TaskFault(
                f"the scorer command {self.command[0]!r} could not be started ({error.strerror}): name a "
                "program of this machine, or a file of the task's folder"
            ) from None
        with process:
            try:
                reply, said = process.communicate(question, timeout=max(1.0, 0.8 * self.contract.grade_s))
            except subprocess.TimeoutExpired as timeout:
                os.killpg(process.pid, signal.SIGKILL)
                _tell_server(timeout.stderr)
                raise TaskFault("the scorer command ran past limits.grade_s: raise it, or be faster") from None
        _tell_server(said)
        if process.returncode != 0:
            raise TaskFault(f"the scorer command ended with code {process.returncode}: try it by hand on a sample")
        if len(reply) > MAX_REPLY_BYTES:
            raise TaskFault("the scorer command printed more than 1 MiB: it must print one JSON object")
        try:
            parsed = json.loads(reply, parse_constant=_refuse_constant)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise TaskFault("the scorer command did not print one strict JSON object on standard output")
        return parsed
