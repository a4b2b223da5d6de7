"""The scoring process of one task: the only process that ever reads its hidden answers.

Started as `python -I -B -X utf8 score.py` with an empty environment in `/`. Standard input: one JSON line of
configuration, then requests, each a JSON line {"id", "op", "split", "bytes"} followed by that many raw bytes. Standard
output: one JSON line {"ready": ...} or {"fault": ...}, then one for each request. Operations: `score`; `check`, which
validates and scores nothing; `compare`, of two files one behind the other, the first `first` bytes long; `selftest`; and
`control`, which scores a perfect file made here, so that the server can tell a broken scorer from a file that breaks
it. Standard error is for the server's own log; it may not be shown to anybody else.
"""

import json
import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from typing import Any, BinaryIO  # noqa: E402

from aira_scoring.answers import read_answers  # noqa: E402
from aira_scoring.confinement import confine  # noqa: E402
from aira_scoring.contract import Contract  # noqa: E402
from aira_scoring.faults import InvalidPredictions, TaskFault  # noqa: E402
from aira_scoring.scoring import Scoring  # noqa: E402
from aira_scoring.selftest import SelfTest  # noqa: E402

MAX_LINE = 1024 * 1024


def main() -> int:
    """Reads the configuration and the answers, gives up what it can, and serves until standard input ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to standard error, not into the protocol
    try:
        message = json.loads(requests.readline(MAX_LINE))
        contract = Contract.of(message)
        scoring = Scoring(contract, read_answers(message["privateDirectory"], contract))
        self_test = SelfTest(scoring)
        # Touches every lazy import and every cache while the interpreter's own files can still be read.
        for name in scoring.answers.splits:
            control(scoring, self_test, name)
        user = confine(contract.max_bytes, runs_command=contract.command is not None)
    except TaskFault as fault:
        send(replies, {"fault": str(fault)})
        return 1
    send(replies, {"ready": True, "user": user, "rows": {s.name: s.size for s in scoring.answers.splits.values()}})
    while header := requests.readline(MAX_LINE):
        request = json.loads(header)
        content = requests.read(request["bytes"])
        if len(content) < request["bytes"]:
            return 1
        send(replies, {"id": request["id"], **answer(scoring, self_test, request, content)})
    return 0


def control(scoring: Scoring, self_test: SelfTest, split_name: str) -> None:
    """Scores the perfect file of a split. Raises TaskFault when even that cannot be scored."""
    split = scoring.answers.splits[split_name]
    gold = {one.name: self_test.gold_cells(one) for one in self_test.splits}
    try:
        scoring.score(split_name, self_test.file(split, gold))
    except InvalidPredictions as problem:
        raise TaskFault(
            "the answers themselves break the prediction contract: "
            f"prediction.columns (dtype, min, max, levels, row_sum) does not fit the target: {problem.unquoted}"
        ) from None


def answer(scoring: Scoring, self_test: SelfTest, request: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Carries out one request."""
    try:
        if request["op"] == "score":
            scored = scoring.score(request["split"], content)
            score = {"value": scored.value, "standardError": scored.standard_error, "rows": scored.rows}
            return {"kind": "scored", "score": score, "suspiciouslyPerfect": scored.suspiciously_perfect}
        if request["op"] == "check":
            scoring.check(request["split"], content)
            return {"kind": "ok"}
        if request["op"] == "compare":
            before, now = content[: request["first"]], content[request["first"] :]
            compared = scoring.compare(request["split"], before, now)
            if compared is None:
                return {"kind": "incomparable"}
            return {
                "kind": "compared",
                "difference": compared.difference,
                "standardError": compared.standard_error,
            }
        if request["op"] == "selftest":
            return {"kind": "report", "report": self_test.report(content)}
        if request["op"] == "control":
            control(scoring, self_test, request["split"])
            return {"kind": "ok"}
        return {"kind": "fault", "message": f"unknown operation {request['op']!r}"}
    except InvalidPredictions as problem:
        return {"kind": "invalid", "message": str(problem)}
    except TaskFault as fault:
        return {"kind": "fault", "message": str(fault)}


def send(replies: BinaryIO, message: dict[str, Any]) -> None:
    """Writes one line of strict JSON."""
    replies.write(json.dumps(message, allow_nan=False).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    sys.exit(main())
