"""Runs many programs, each in a forked child so that scikit-learn is imported once, and checks what they write.

Reads lines of JSON from standard input: {"program", "data", "contract"}; prints one line of JSON for each.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path

import sklearn.ensemble  # noqa: F401
import sklearn.feature_extraction.text  # noqa: F401
import sklearn.neural_network  # noqa: F401
import sklearn.svm  # noqa: F401

CHECK = Path(sys.argv[1]).read_text()


def run(case: dict) -> dict:
    """In a child: the program under the run contract, then the check of its predictions."""
    program, data = Path(case["program"]), Path(case["data"])
    os.environ.update(
        AIRA_TRAIN_DIR=str(data / "train"), AIRA_EVAL_DIR=str(data / "eval"), AIRA_OUT_DIR=str(program.parent / "out")
    )
    os.environ.update(AIRA_SEED="3", AIRA_CPUS="1", AIRA_TIME_LIMIT_S="120")
    output = io.StringIO()
    try:
        warnings.filterwarnings("error", category=FutureWarning)
        warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
        with contextlib.redirect_stdout(output):
            runpy.run_path(str(program), run_name="__main__")
            sys.argv = ["check.py", json.dumps(case["contract"])]
            exec(compile(CHECK, "check.py", "exec"), {"__name__": "check"})
    except BaseException:
        return {"program": case["program"], "problem": traceback.format_exc()[-1500:], "output": output.getvalue()}
    line = output.getvalue().rsplit("AIRA-RESULT ", 1)[1]
    return {"program": case["program"], "problem": json.loads(line)["problem"], "output": output.getvalue()}


for text in sys.stdin:
    case = json.loads(text)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            pipe.write(json.dumps(run(case)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    print(answer or json.dumps({"program": case["program"], "problem": "the process died", "output": ""}), flush=True)
