"""What processes use: seconds of CPU (clock_getcpuclockid(3)), kilobytes of memory (proc(5))."""

import errno
import os
import time
from collections.abc import Iterable
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time, user and system, that processes have used so far.

    A process that ended after it was listed, as a database's workers do, adds nothing.
    """
    return sum(map(_cpu_time, pids))


def memory_kib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * _PAGE / 1024


def with_children(pid: int) -> list[int]:
    """Return a process and its children."""
    others = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid, *(other for other in others if _parent(other) == pid)]


def _cpu_time(pid: int) -> float:
    """Return a process's CPU time, to the nanosecond, by the clock that counts it."""
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return 0.0  # there is no such process any more


def _parent(pid: int) -> int | None:
    try:
        return int(_stat(pid)[1])
    except (FileNotFoundError, ProcessLookupError):
        return None  # it has ended meanwhile


def _stat(pid: int) -> list[str]:
    """Return the fields after the name, which may contain anything but a last `)`."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
