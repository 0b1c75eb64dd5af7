"""What the disk takes to make a commit durable: no service that keeps what it confirms is faster.

The same is done as PostgreSQL does with its log (wal_sync_method = fdatasync, the default): pages
of a file that has its size already are overwritten, one after another, and synchronised.
"""

import os
import time
from pathlib import Path

PAGE = 8192
SEGMENT = 16 * 2**20


def write_times(directory: Path, times: int, pause: float) -> list[float]:
    """Time writes of a page in this directory, in seconds, with so many between them.

    A disk that has just written is quicker, too.
    """
    file = directory / "segment"
    file.write_bytes(bytes(SEGMENT))
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.fsync(descriptor)
        return [_write(descriptor, number * PAGE, pause) for number in range(times)]
    finally:
        os.close(descriptor)
        file.unlink()


def _write(descriptor: int, offset: int, pause: float) -> float:
    time.sleep(pause)
    begin = time.perf_counter()
    os.pwrite(descriptor, bytes(PAGE), offset)
    os.fdatasync(descriptor)
    return time.perf_counter() - begin
