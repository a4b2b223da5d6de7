"""Takes from the scoring process, once it has read the answers, everything that it will not need again."""

import ctypes
import os
import resource

UNPRIVILEGED_IDS = (2_000_000_011, 65_534)
"""User and group ids tried in turn: one that nobody else has, else `nobody` where a user namespace maps few ids."""

PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 4, 1, 38


def _prctl(option: int, value: int) -> None:
    """Calls prctl(2); a kernel without the option is no reason to stop."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        return


def drop_privileges() -> int | None:
    """Gives up root for good. Returns the user id taken, or None when the process was not root to begin with."""
    if os.geteuid() != 0:
        return None
    os.setgroups([])
    for identity in UNPRIVILEGED_IDS:
        try:
            os.setresgid(identity, identity, identity)
            os.setresuid(identity, identity, identity)
        except OSError:
            continue
        if os.getresuid() == (identity, identity, identity) and os.getresgid() == (identity, identity, identity):
            return identity
    raise RuntimeError("the scoring process is root and could not give that up")


def limit_resources(max_bytes: int, bound_memory: bool) -> None:
    """No file can be written, few opened, no core dumped, memory bounded in proportion to the largest file to read."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        in_use = int(statm.read().split()[0]) * resource.getpagesize()
    limits = [(resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64)]
    if bound_memory:
        limits.append((resource.RLIMIT_AS, in_use + 3 * 1024**3 + 40 * max_bytes))
    for limit, value in limits:
        hard = resource.getrlimit(limit)[1]
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (bounded, bounded))


def confine(max_bytes: int, runs_command: bool) -> int | None:
    """All of it. Nobody of the same user may trace this process or read its memory afterwards.

    runs_command: the metric is a command of the task author's. It is trusted, meets parsed values only, needs the right
    to its own folder and interpreter and may need much memory: user and memory are then left as they are.
    Returns the user id taken, or None if that did not change.
    """
    limit_resources(max_bytes, bound_memory=not runs_command)
    user = None if runs_command else drop_privileges()
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    return user


def die_with_parent() -> None:
    """For a child of this process, between fork and exec: killed when this process is."""
    _prctl(PR_SET_PDEATHSIG, 9)
