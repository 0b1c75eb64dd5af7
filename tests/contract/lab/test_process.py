import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.process import NotReadyError, Process, ProcessEndedError

pytestmark = pytest.mark.contract

FOREVER = ["sleep", "600"]
DEAF = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "output"


def state_of(pid: int) -> str:
    """The process's state, as a letter: R, S, T (stopped), Z (ended, not yet noticed)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def runs(pid: int) -> bool:
    try:
        return state_of(pid) != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def said(log: Path) -> str:
    return log.read_text()


async def reaches(pid: int, state: str) -> None:
    async with asyncio.timeout(20):
        while state_of(pid) != state:
            await asyncio.sleep(0.01)


async def test_output_of_both_kinds_is_appended_to_the_log(log: Path) -> None:
    for words in ("echo before", "echo out; echo err >&2"):
        assert await Process(["sh", "-c", words], log=log).wait() == 0
    assert said(log) == "before\nout\nerr\n"


async def test_a_process_that_ends_in_good_order_is_waited_for(log: Path) -> None:
    process = Process(FOREVER, log=log)
    assert process.is_running
    assert await process.stop() == -signal.SIGTERM
    assert not process.is_running


async def test_a_process_that_does_not_want_to_stop_is_made_to(log: Path) -> None:
    process = Process(DEAF, log=log)

    async def ready() -> bool:
        return "deaf" in said(log)

    await process.wait_until(ready, patience=20)
    assert await process.stop(patience=0.2) == -signal.SIGKILL


async def test_a_frozen_process_stands_still_until_it_is_thawed(log: Path) -> None:
    process = Process(FOREVER, log=log)
    process.freeze()
    await reaches(process.pid, "T")
    assert process.is_running
    process.thaw()
    await reaches(process.pid, "S")
    await process.kill()


async def test_a_frozen_process_can_be_stopped(log: Path) -> None:
    process = Process(FOREVER, log=log)
    process.freeze()
    await reaches(process.pid, "T")
    assert await process.stop() == -signal.SIGTERM


async def test_stopping_what_has_ended_is_no_error(log: Path) -> None:
    process = Process(FOREVER, log=log)
    await process.kill()
    assert await process.stop() == -signal.SIGKILL


async def test_a_process_that_ends_before_it_is_ready_shows_its_last_words(log: Path) -> None:
    process = Process(["sh", "-c", "echo no such port; exit 3"], log=log)

    async def ready() -> bool:
        return False

    with pytest.raises(ProcessEndedError, match=r"(?s)sh ended with status 3.*no such port"):
        await process.wait_until(ready, patience=20)


async def test_a_process_tells_whether_it_runs_and_what_it_said_last(log: Path) -> None:
    process = Process(FOREVER, log=log)
    assert process.condition == "sleep runs"
    await process.kill()
    gone = Process(["sh", "-c", "echo disk full; exit 3"], log=log)
    await gone.wait()
    assert re.search(r"(?s)sh ended with status 3.*disk full", gone.condition)


async def test_a_process_that_is_not_ready_in_time_is_killed(log: Path) -> None:
    process = Process(FOREVER, log=log)

    async def ready() -> bool:
        return False

    with pytest.raises(NotReadyError, match=r"sleep was not ready within 0\.1 s"):
        await process.wait_until(ready, patience=0.1)
    assert not process.is_running


def test_a_process_can_be_used_from_one_event_loop_after_another(log: Path) -> None:
    process = Process(FOREVER, log=log)

    async def look() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.05)

    asyncio.run(look())
    asyncio.run(look())
    asyncio.run(process.kill())


def child_of_a_killed_parent(log: Path, **environment: str) -> int:
    """The process id of a `Process` whose parent was killed at once after having started it."""
    code = f"""
import time
from pathlib import Path
from lab.process import Process
print(Process({FOREVER!r}, log=Path({str(log)!r})).pid, flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        os.kill(parent.pid, signal.SIGKILL)
    return child


async def ends(pid: int) -> None:
    async with asyncio.timeout(20):
        while runs(pid):
            await asyncio.sleep(0.01)


async def test_a_process_dies_with_its_parent_even_if_that_is_killed(log: Path) -> None:
    await ends(child_of_a_killed_parent(log))


async def test_a_process_whose_parent_was_killed_before_it_began_does_not_begin(
    log: Path, tmp_path: Path
) -> None:
    slow = tmp_path / "setpriv"
    slow.write_text(f'#!/bin/sh\nsleep 0.5\nexec {shutil.which("setpriv")} "$@"\n')
    slow.chmod(0o755)
    await ends(child_of_a_killed_parent(log, PATH=f"{tmp_path}:{os.environ['PATH']}"))
