"""Runs one program in a sandbox of its own and hands its output file to the worker outside.

Arguments: ``<own|shared> <folder of the output> <name of the output> <most bytes> <command...>``. ``own``: every
process that can be seen here belongs to this sandbox, and is killed before the output is read, so that nobody can
change it any more. The program writes to our standard error. Our standard output: JSON lines when the program starts,
when it has ended, and about the output file; then the file's bytes, gzipped.

Every evaluation pays for what this imports: modules that take milliseconds of CPU to load (subprocess, json, gzip,
shutil, signal) are done without.
"""

import errno
import os
import stat
import sys
import time
import zlib

KILL_DEADLINE_S = 10.0
SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25
GZIP_FORMAT = 31
"""``wbits`` of zlib for the largest window within a gzip header and trailer."""


def tell(event: str, **more: "int | str") -> None:
    """Writes one line of JSON. Texts are words of ours and of the C library: no control characters are in them."""
    fields = [f'"event":"{event}"']
    for name, value in more.items():
        text = str(value).replace("\\", "\\\\").replace('"', '\\"')
        fields.append(f'"{name}":{value}' if isinstance(value, int) else f'"{name}":"{text}"')
    sys.stdout.buffer.write(("{" + ",".join(fields) + "}\n").encode())
    sys.stdout.buffer.flush()


def set_oom_score(score: str) -> "str | None":
    """Says how soon the kernel is to end this process, and its children from now on; gives the score before it."""
    try:
        with open("/proc/self/oom_score_adj", "r+", encoding="ascii") as file:
            before = file.read()
            file.seek(0)
            file.write(score)
        return before
    except OSError:
        return None


def start(command: "list[str]") -> int:
    """Starts the program and gives its process number. It goes before its supervisor when memory runs out."""
    before = set_oom_score("500")
    try:
        return os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
            # Python ignores these, and the program would, too.
            setsigdef=[SIGPIPE, SIGXFSZ],
        )
    finally:
        if before is not None:
            set_oom_score(before)


def run(command: "list[str]") -> int:
    """Exit status of the program: below zero after a signal; 127 or 126 if it did not start, as shells say it."""
    try:
        _, status = os.waitpid(start(command), 0)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return 127 if isinstance(error, FileNotFoundError) else 126
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def kill_everybody() -> None:
    """Kills every process but this one and the first, until there is none."""
    deadline = time.monotonic() + KILL_DEADLINE_S
    while time.monotonic() < deadline:
        try:
            os.kill(-1, SIGKILL)
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


def send(file: int) -> None:
    """Writes the file's bytes, gzipped."""
    zipping = zlib.compressobj(6, zlib.DEFLATED, GZIP_FORMAT)
    while piece := os.read(file, 1 << 20):
        sys.stdout.buffer.write(zipping.compress(piece))
    sys.stdout.buffer.write(zipping.flush())
    sys.stdout.buffer.flush()


def main() -> None:
    """Runs, kills, checks, sends."""
    mode, folder, name, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    tell("started")
    begun = time.monotonic()
    code = run(sys.argv[5:])
    tell("ended", code=code, ms=round((time.monotonic() - begun) * 1000))
    # Wait for the worker: it takes the time, and kills what the program has left behind wherever we cannot.
    sys.stdin.buffer.read(1)
    if mode == "own":
        kill_everybody()
    try:
        file = open_output(folder, name)
    except FileNotFoundError:
        tell("problem", problem="does not exist")
        return
    except OSError as error:
        what = "is a symbolic link" if error.errno == errno.ELOOP else f"cannot be opened ({error.strerror})"
        tell("problem", problem=what)
        return
    problem = problem_of(os.fstat(file), limit)
    if problem is not None:
        tell("problem", problem=problem)
        return
    tell("output")
    send(file)


if __name__ == "__main__":
    main()
