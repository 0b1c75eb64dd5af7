"""Makes channels to phones, and takes them down again.

A channel is made once at most, whatever is lost on the way. Its id is ours: after a request that
got no answer it is looked for, and taken back if it is not there, for it may come yet.
"""

from collections.abc import Awaitable, Callable, Mapping
from math import ceil
from typing import Protocol, TypeVar, assert_never

import structlog

from component.domain.asterisk_ids import leg_channel
from component.domain.commands import CallCustomer, HangUpCustomer, HangUpLeg, Ring
from component.domain.events import CallerLeft, ConsultOver, Event, LegEnded
from component.domain.model import Leg
from component.domain.words import LegEnd
from component.telephony.caller_id import format_caller_id
from component.telephony.client import ALREADY_THERE, AriClient
from component.telephony.errors import AriError, AriUnreachableError, MalformedEventError
from component.telephony.late_channels import LateChannels
from component.telephony.refusals import to_the_end, unless_gone
from component.telephony.translate import CUSTOMER_ARGUMENT, LEG_ARGUMENT, dials_in, text

log = structlog.get_logger(__name__)

TRANSFERS = "PJSIP_TRANSFER_HANDLING()"
"""Who does what a phone asks for by REFER: with `ari-only` it is us. Asterisk before 22.3 does not
know it, and transfers the caller away from us by itself."""

PEER = "IVR_PEER"
PEER_CONTEXT = "ivr-attended-transfer"
"""Where the dialplan connects a channel with the one that `IVR_PEER` names."""
CONTEXT = "IVR_CONTEXT"
"""Where the phone of that one dials. Without it Asterisk does what the phone asks for by REFER."""
FETCH = f"Local/s@{PEER_CONTEXT}/n"
"""What is called to have a talking phone in our application, which can take over no channel."""

GROUP = "GROUP(ivr)"
"""Of which call a leg is, for the dialplan: it hangs up what rings for a caller who has left."""

ONLY_THERE = {
    "FORWARD_CONTEXT": "ivr-forwards-nothing",
    "CHANNEL(callgroup)": "",
    "CHANNEL(namedcallgroup)": "",
}
"""What keeps a call from other phones. A 302 leads to a context that there is not: Asterisk would
ring the number on a channel of its own, of which we know nothing; for us the phone has refused the
call. And nobody picks it up elsewhere (`*8`): that phone's channel would take the place of ours,
under its own id.
"""

AT_THE_END = "CHANNEL(hangup_handler_push)"
CALLER_GONE = "ivr-caller-gone,s,1"
"""What the dialplan does so by. It sees to that itself for callers, before they come to us."""

Rings = Callable[[Leg, str], None]
"""Takes note of a leg that is about to ring, and of the device where it does."""

T = TypeVar("T")


class UntilAnswered(Protocol):
    """Makes a request until there is an answer."""

    async def __call__(self, request: Callable[[], Awaitable[T]]) -> T:
        """Return the answer. Raises an `AriError`."""


class Dialler:
    """Carries out the commands about channels that we make.

    `until_answered` repeats a request until there is an answer. `submit` takes events for the
    domain, `rings` is told of each phone that is about to be rung.
    """

    def __init__(
        self,
        ari: AriClient,
        app: str,
        submit: Callable[[Event], None],
        rings: Rings,
        *,
        until_answered: UntilAnswered,
    ) -> None:
        self._ari = ari
        self._app = app
        self._submit = submit
        self._rings = rings
        self._until_answered = until_answered
        self._late = LateChannels(ari.hang_up)

    async def close(self) -> None:
        """Begin nothing any more."""
        await self._late.close()

    async def obey(self, command: Ring | CallCustomer | HangUpLeg | HangUpCustomer) -> None:
        """Carry out a command. Raises an `AriError`."""
        match command:
            case Ring():
                await self._ring(command)
            case CallCustomer():
                await self._call_customer(command)
            case HangUpLeg(leg, answered_elsewhere):
                await self._hang_up(leg, LegEnd.HUNG_UP, answered_elsewhere=answered_elsewhere)
            case HangUpCustomer(_, channel):
                await self._hang_up_customer(channel)
            case _:
                assert_never(command)

    async def _ring(self, ring: Ring) -> None:
        peer = ring.peer
        if ring.instead_of:
            peer = await self._answered(ring)
            if not peer:
                await self._until_answered(lambda: unless_gone(self._ari.hang_up(ring.instead_of)))
                self._submit(ConsultOver(ring.leg))
        if not peer:
            self._rings(ring.leg, ring.device)
        await self._originate(
            leg_channel(ring.leg),
            FETCH if peer else ring.device,
            LEG_ARGUMENT,
            ring,
            originator=ring.channel,
            variables=await self._to_fetch(peer) if peer else _of_a_phone(ring.leg),
            refused=LegEnded(ring.leg, LegEnd.UNAVAILABLE),
        )

    async def _to_fetch(self, peer: str) -> dict[str, str]:
        """Return what the dialplan has to know of whom it is to fetch.

        From the second talk on, what that phone asks for is ours to do, too, as with any leg.
        """
        try:
            for channel in await self._ari.channels():
                if text(channel, "name") == peer:
                    await self._ari.watch_channel(self._app, text(channel, "id"))
                    return {PEER: peer, CONTEXT: dials_in(channel)}
        except (AriError, MalformedEventError) as error:
            log.warning("who is fetched cannot pass the call on", peer=peer, error=str(error))
        return {PEER: peer}

    async def _answered(self, ring: Ring) -> str:
        """Return the name of the device's channel if it has just been answered; else nothing."""
        try:
            peer = await self._ari.talks_with(ring.instead_of)
        except AriError as error:
            log.debug("second call cannot be looked at", error=str(error))
            return ""
        return peer if peer.startswith(f"{ring.device}-") else ""

    async def _call_customer(self, call: CallCustomer) -> None:
        await self._originate(
            call.channel,
            call.endpoint,
            CUSTOMER_ARGUMENT,
            call,
            variables={AT_THE_END: CALLER_GONE, **ONLY_THERE},
            refused=CallerLeft(call.channel, LegEnd.UNAVAILABLE),
        )

    async def _originate(
        self,
        channel: str,
        endpoint: str,
        argument: str,
        command: Ring | CallCustomer,
        *,
        originator: str | None = None,
        variables: Mapping[str, str],
        refused: Event,
    ) -> None:
        """Ring an endpoint, once at most."""
        try:
            await self._ari.originate(
                channel=channel,
                endpoint=endpoint,
                app=self._app,
                app_args=argument,
                originator=originator,
                caller_id=format_caller_id(command.caller),
                ring_seconds=ceil(command.at_most.total_seconds()),
                variables=variables,
            )
        except AriUnreachableError as error:
            if not await self._is_there(channel):
                await self._take_back(channel, error)
                self._submit(refused)
        except AriError as error:
            if error.status != ALREADY_THERE or not await self._is_there(channel):
                log.info("leg refused", leg=channel, error=str(error))
                self._submit(refused)

    async def _is_there(self, channel: str) -> bool:
        return await self._until_answered(lambda: to_the_end(self._ari.channel_exists(channel)))

    async def _take_back(self, channel: str, error: AriError) -> None:
        """See to it that a channel is not there, and does not stay if it comes late."""
        log.warning("leg uncertain, taking it back", leg=channel, error=str(error))
        await self._until_answered(lambda: unless_gone(to_the_end(self._ari.hang_up(channel))))
        self._late.expect(channel)

    async def _hang_up_customer(self, channel: str) -> None:
        try:
            await to_the_end(self._ari.hang_up(channel))
        except AriError as error:
            if error.status != 404:
                raise
            self._submit(CallerLeft(channel, LegEnd.UNAVAILABLE))  # no event would tell

    async def _hang_up(
        self, leg: Leg, if_absent: LegEnd, *, answered_elsewhere: bool = False
    ) -> None:
        try:
            channel = leg_channel(leg)
            await to_the_end(self._ari.hang_up(channel, answered_elsewhere=answered_elsewhere))
        except AriError as error:
            if error.status != 404:
                raise
            self._submit(LegEnded(leg, if_absent))  # nothing is left whose event could tell


def _of_a_phone(leg: Leg) -> Mapping[str, str]:
    return {TRANSFERS: "ari-only", GROUP: leg.call_id, **ONLY_THERE}
