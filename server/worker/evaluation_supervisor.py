"""Runs one program in a sandbox of its own and hands its output file to the worker outside.

Arguments: ``<own|shared> <folder of the output> <name of the output> <most bytes> <command...>``. ``own``: every
process that can be seen here belongs to this sandbox, and is killed before the output is read, so that nobody can
change it any more. The program writes to our standard error. Our standard output: JSON lines when the program starts,
when it has ended, and about the output file; then the file's bytes, gzipped.
"""

import contextlib
import errno
import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time

KILL_DEADLINE_S = 10.0


def yield_to_oom_killer() -> None:
    """The program goes before its supervisor when memory runs out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")


def tell(event: "dict[str, object]") -> None:
    """Writes one line."""
    sys.stdout.buffer.write(json.dumps(event).encode() + b"\n")
    sys.stdout.buffer.flush()


def run(command: "list[str]") -> int:
    """Exit status of the program: below zero after a signal; 127 or 126 if it did not start, as shells say it."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.buffer,
            preexec_fn=yield_to_oom_killer,
            check=False,
        ).returncode
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return 127 if isinstance(error, FileNotFoundError) else 126


def kill_everybody() -> None:
    """Kills every process but this one and the first, until there is none."""
    deadline = time.monotonic() + KILL_DEADLINE_S
    while time.monotonic() < deadline:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.001)


def problem_of(info: os.stat_result, limit: int) -> "str | None":
    """Why this is not an output that can be taken."""
    if not stat.S_ISREG(info.st_mode):
        return "is not a regular file"
    if info.st_nlink != 1:
        return "has other names (hard links)"
    if info.st_size > limit:
        return f"has {info.st_size:,} bytes; at most {limit:,} are taken"
    return None


def open_output(folder: str, name: str) -> int:
    """Opens the file without following a link and without waiting for the other end of a pipe."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=directory)


def main() -> None:
    """Runs, kills, checks, sends."""
    mode, folder, name, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    tell({"event": "started"})
    tell({"event": "ended", "code": run(sys.argv[5:])})
    # Wait for the worker: it takes the time, and kills what the program has left behind wherever we cannot.
    sys.stdin.buffer.read(1)
    if mode == "own":
        kill_everybody()
    try:
        file = open_output(folder, name)
    except FileNotFoundError:
        tell({"event": "problem", "problem": "does not exist"})
        return
    except OSError as error:
        what = "is a symbolic link" if error.errno == errno.ELOOP else f"cannot be opened ({error.strerror})"
        tell({"event": "problem", "problem": what})
        return
    problem = problem_of(os.fstat(file), limit)
    if problem is not None:
        tell({"event": "problem", "problem": problem})
        return
    tell({"event": "output"})
    zipped = gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", compresslevel=6, mtime=0)
    with os.fdopen(file, "rb") as source, zipped:
        shutil.copyfileobj(source, zipped, 1 << 20)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
