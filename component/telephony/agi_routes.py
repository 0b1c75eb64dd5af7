"""What the dialplan may ask by FastAGI: who a customer is, log-on and log-off, pause,
withdrawal of callers.

Each script answers in a channel variable, named and filled as app_queue's applications do where it
has them. Whatever goes wrong here is an answer, too: the call goes on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from component.domain.errors import (
    AgentElsewhereError,
    AlreadyLoggedOnError,
    ExtensionInUseError,
    NotAMemberError,
    NotLoggedOnError,
    NotWaitingError,
    UnknownDeviceError,
    UnknownQueueError,
)
from component.domain.events import Event, LogOff, LogOn, Pause, Unpause, Withdraw
from component.domain.model import Customer, Person
from component.ports import Directory, NotAdmittedError, StoreRefusedError, StoreUnavailableError
from component.telephony.agi import AgiRequest, AgiSession, Script

log = structlog.get_logger(__name__)

Step = Callable[[Event], Awaitable[None]]
"""The engine's: take in an event and wait until it is committed."""

Admit = Callable[[str, str], Awaitable[Person]]
"""Return the person of a number and PIN. Raises `NotAdmittedError`, `StoreUnavailableError`."""

Remember = Callable[[str, str, Customer | None], None]
"""Keep the result of a look-up: channel, digits, customer."""


class AgiRoutes:
    """The scripts. `deadline` is in seconds, for the database's part in each."""

    def __init__(
        self,
        directory: Directory,
        step: Step,
        remember: Remember,
        admit: Admit,
        *,
        deadline: float,
    ) -> None:
        self._directory = directory
        self._step = step
        self._remember = remember
        self._admit = admit
        self.deadline = deadline

    def scripts(self) -> Mapping[str, Script]:
        """Return the scripts by the names that the dialplan uses."""
        return {
            "customer": self.customer,
            "logon": self.log_on,
            "logoff": self.log_off,
            "pause": self.pause,
            "unpause": self.unpause,
            "withdraw": self.withdraw,
        }

    async def customer(self, session: AgiSession, request: AgiRequest) -> None:
        """Argument: digits; without them the caller's number is all that is looked up.

        CUSTOMERSTATUS: FOUND, UNKNOWN, or TIMEOUT (we cannot tell).
        """
        digits = request.argument(1)
        started = time.monotonic()
        status = "TIMEOUT"
        customer = None
        try:
            async with asyncio.timeout(self.deadline):
                customer = await self._directory.customer(digits, request.caller)
        except TimeoutError:
            log.warning("customer look-up too slow", deadline=self.deadline)
        except StoreUnavailableError as error:
            log.warning("customer look-up impossible", error=str(error))
        else:
            status = "UNKNOWN" if customer is None else "FOUND"
            self._remember(request.channel, digits, customer)
        log.info(
            "customer looked up",
            channel=request.channel,
            digits=digits,
            result=status,
            seconds=round(time.monotonic() - started, 4),
        )
        await session.set_variable("CUSTOMERSTATUS", status)

    async def log_on(self, session: AgiSession, request: AgiRequest) -> None:
        """Arguments: device, queue (none: all that the device's agent is a member of), number and
        PIN of a person (none: the extension's own agent).

        AQMSTATUS as of AddQueueMember, or NOTAMEMBER, FAILED, EXTENSIONINUSE; of a person also
        NOSUCHAGENT, PINREQUIRED, WRONGPIN, LOCKED, AGENTELSEWHERE.
        """
        device, queue = request.argument(1), request.argument(2) or None
        number, pin = request.argument(3), request.argument(4)
        person: Person | None = None
        try:
            async with asyncio.timeout(self.deadline):
                person = await self._admit(number, pin) if number else None
        except NotAdmittedError as refusal:
            status = refusal.status
            _say_refused("log-on", device, queue, status, person=number)
        except (StoreUnavailableError, StoreRefusedError, TimeoutError) as error:
            log.error("request by phone failed", error=str(error) or "no answer in time")
            status = "FAILED"
        else:
            event = LogOn(device, queue, person, request.channel)
            status = await self._taken(event, done="ADDED")
        await session.set_variable("AQMSTATUS", status)

    async def log_off(self, session: AgiSession, request: AgiRequest) -> None:
        """Arguments: device, queue (none: all).

        RQMSTATUS as of RemoveQueueMember, or NOTAMEMBER, FAILED.
        """
        event = LogOff(request.argument(1), request.argument(2) or None, request.channel)
        await session.set_variable("RQMSTATUS", await self._taken(event, done="REMOVED"))

    async def pause(self, session: AgiSession, request: AgiRequest) -> None:
        """Arguments: device, queue (none: all), reason.

        PQMSTATUS as of PauseQueueMember, PAUSED or NOTFOUND, or FAILED.
        """
        queue, reason = request.argument(2) or None, request.argument(3)
        event = Pause(request.argument(1), queue, reason)
        await session.set_variable("PQMSTATUS", await self._pausing(event, done="PAUSED"))

    async def unpause(self, session: AgiSession, request: AgiRequest) -> None:
        """Arguments: device, queue (none: all).

        UPQMSTATUS as of UnpauseQueueMember, UNPAUSED or NOTFOUND, or FAILED.
        """
        event = Unpause(request.argument(1), request.argument(2) or None)
        await session.set_variable("UPQMSTATUS", await self._pausing(event, done="UNPAUSED"))

    async def withdraw(self, session: AgiSession, request: AgiRequest) -> None:
        """Arguments: a waiting caller's channel or call id, QUEUE_WITHDRAW_INFO.

        WITHDRAWSTATUS: WITHDRAWN, NOTFOUND or FAILED.
        """
        event = Withdraw(request.argument(1), request.argument(2))
        await session.set_variable("WITHDRAWSTATUS", await self._status(event, "WITHDRAWN"))

    async def _pausing(self, event: Pause | Unpause, done: str) -> str:
        status = await self._status(event, done)
        if status not in {done, "FAILED"}:
            status = "NOTFOUND"
            request = "pause" if isinstance(event, Pause) else "unpause"
            _say_refused(request, event.device, event.queue, status)
        return status

    async def _taken(self, event: LogOn | LogOff, done: str) -> str:
        status = await self._status(event, done)
        if status not in {done, "FAILED"}:
            request = "log-on" if isinstance(event, LogOn) else "log-off"
            _say_refused(request, event.device, event.queue, status)
        return status

    async def _status(self, event: Event, done: str) -> str:
        try:
            async with asyncio.timeout(self.deadline):
                await self._step(event)
        except ExtensionInUseError:
            return "EXTENSIONINUSE"
        except AgentElsewhereError:
            return "AGENTELSEWHERE"
        except AlreadyLoggedOnError:
            return "MEMBERALREADY"
        except NotLoggedOnError:
            return "NOTINQUEUE"
        except NotWaitingError:
            return "NOTFOUND"
        except UnknownQueueError:
            return "NOSUCHQUEUE"
        except (UnknownDeviceError, NotAMemberError):
            return "NOTAMEMBER"
        except (StoreUnavailableError, StoreRefusedError, TimeoutError) as error:
            log.error("request by phone failed", error=str(error) or "no answer in time")
            return "FAILED"
        return done


def _say_refused(request: str, device: str, queue: str | None, status: str, **about: str) -> None:
    """Log why nothing changed; what is changed is logged once it is committed."""
    log.info(
        "request by phone refused",
        request=request, device=device, queue=queue, result=status, **about,
    )  # fmt: skip
