"""Child processes: servers that the lab starts, stops, kills and freezes."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

POLL_INTERVAL = 0.02
LOG_LINES_SHOWN = 30
# Whose parent has ended before it could ask to be told of that is never told.
UNLESS_ORPHANED = ["sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"']


class ProcessEndedError(Exception):
    """A server ended before it was ready."""


class NotReadyError(Exception):
    """A server was not ready in time."""


class Process:
    """A running child process, which is killed when its parent ends, however that ends.

    It may be used from any event loop, and from several in turn.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        name: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command. What it prints is appended to the file `log`.

        Errors call it `name`, or else by its command. It gets the environment `env`, or else ours,
        and a session of its own: Ctrl-C reaches us alone, so that we end it in good order.
        """
        self.name = name or Path(command[0]).name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *UNLESS_ORPHANED, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet; a frozen one has not."""
        return self._popen.poll() is None

    @property
    def condition(self) -> str:
        """Whether it runs, in words; if it has ended, its last ones, too."""
        if self.is_running:
            return f"{self.name} runs"
        return f"{self.name} ended with status {self._popen.returncode}; {self._output()}"

    async def wait(self) -> int:
        """Wait until it ends. Returns the exit status, negative for the signal that killed it."""
        if self.is_running:
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            descriptor = os.pidfd_open(self.pid)
            try:
                loop.add_reader(descriptor, ended.set)
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self._popen.wait()

    async def wait_until(self, ready: Callable[[], Awaitable[bool]], patience: float) -> None:
        """Wait until `ready` says so. The process is killed if that does not come about.

        Raises `ProcessEndedError` if the process has ended, and `NotReadyError` after `patience`
        seconds; both show the end of its output.
        """
        try:
            async with asyncio.timeout(patience):
                while not await ready():
                    self._require_running()
                    await asyncio.sleep(POLL_INTERVAL)
        except TimeoutError:
            await self.kill()
            raise NotReadyError(
                f"{self.name} was not ready within {patience} s; {self._output()}"
            ) from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self, patience: float = 20.0) -> int:
        """End it with SIGTERM, or by force after `patience` seconds. Returns its exit status."""
        self._popen.terminate()
        self.thaw()
        try:
            async with asyncio.timeout(patience):
                return await self.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it with SIGKILL, as a crash would. Returns its exit status."""
        self._popen.kill()
        return await self.wait()

    def freeze(self) -> None:
        """Make it hang: its connections stay up, and from now on it does nothing."""
        self._popen.send_signal(signal.SIGSTOP)
        if self.is_running:  # on a busy machine it may go on for a while
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._popen.send_signal(signal.SIGCONT)

    def _require_running(self) -> None:
        if not self.is_running:
            raise ProcessEndedError(self.condition)

    def _output(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([f"the end of {self.log}:", *lines])
