"""Asterisk as a whole: what the composition root makes, runs and closes."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from component.domain.events import (
    AsteriskLost,
    CallerEntered,
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
)
from component.domain.model import Customer
from component.ports import (
    CallControl,
    Directory,
    Snapshot,
    StoreRefusedError,
    StoreUnavailableError,
    WaitingChannel,
)
from component.telephony.client import AriClient
from component.telephony.connection import AriConnection, ConnectionState
from component.telephony.control import About, AriCallControl
from component.telephony.errors import NotSettledError
from component.telephony.intake import Intake, new_call_id
from component.telephony.ringing import RingingPhones
from component.telephony.snapshot import SnapshotReader

CLOSE_SECONDS = 3.0
"""How long commands under way may take when the service stops."""


class Asterisk:
    """One Asterisk, reached by `ari`, which is closed with it.

    `submit`, `reconcile` and `acted_until` are the engine's; they are not called before `run`.
    `devices` names those whose states are read after a connect and watched from then on.
    `lookup_deadline` is in seconds. `shown` is awaited before a phone is rung: it is done when the
    XMPP server has what is to be shown. `about` returns what the log is to say of a call besides
    what happened, `new_id` an id for a call.
    """

    def __init__(
        self,
        ari: AriClient,
        app: str,
        *,
        directory: Directory,
        lookup_deadline: float,
        submit: Callable[[Event], None],
        reconcile: Callable[[Snapshot], Awaitable[tuple[WaitingChannel, ...]]],
        acted_until: Callable[[], datetime],
        devices: Callable[[], Iterable[str]],
        shown: Callable[[], Awaitable[None]],
        about: About = lambda call_id, _: {"call_id": call_id},
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._submit_to_engine = submit
        self._reconcile = reconcile
        self._acted_until = acted_until
        self._devices = devices
        self._app = app
        self._ari = ari
        self._early: list[CallerEntered | DigitPressed] | None = []
        """Who is to enter, and the keys pressed, until it was compared what there is: an earlier
        stay on that channel, or what is still being said there, ends only by then. None
        afterwards."""
        self._snapshots = SnapshotReader(ari, app)
        self._ringing = RingingPhones(submit, ari.is_offline)
        self._control = AriCallControl(
            ari,
            app,
            self._submit,
            connected=lambda: self._connection.connected,
            shown=shown,
            rings=self._ringing.begin,
            watch=self._watch,
            about=about,
        )
        self._intake = Intake(
            self._submit,
            directory,
            lookup_deadline,
            new_id,
            transfer_told=self._control.transfer_told,
        )
        self._connection = AriConnection(
            ari,
            app,
            on_event=self._intake.receive,
            on_connected=self._settle,
            on_lost=self._lost,
            devices=devices,
        )

    @property
    def control(self) -> CallControl:
        """What carries out the domain's commands."""
        return self._control

    @property
    def state(self) -> ConnectionState:
        """Whether calls can be taken; for `/readyz`."""
        return self._connection.state

    def remember(self, channel: str, digits: str, customer: Customer | None) -> None:
        """Keep what a look-up for this channel gave, for when the channel enters a queue."""
        self._intake.remember(channel, digits, customer)

    def look_up_within(self, seconds: float) -> None:
        """Take as long from now on for looking a customer up."""
        self._intake.deadline = seconds

    def reclaim(self) -> None:
        """Take the application back from another client that has taken it over."""
        self._connection.reclaim()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._connection.run()

    async def close(self) -> None:
        """Finish the commands under way, then disconnect. To be called after `run` has ended."""
        await self._control.close(CLOSE_SECONDS)
        await self._ringing.close()
        await self._intake.close()
        await self._ari.close()

    async def _watch(self, devices: Sequence[str]) -> None:
        await self._ari.subscribe_device_states(self._app, devices)
        for device, state in (await self._snapshots.states(devices)).items():
            self._submit_to_engine(DeviceStateChanged(device, state))

    def _submit(self, event: Event) -> None:
        match event:
            case CallerEntered() | DigitPressed() if self._early is not None:
                self._early.append(event)
                return
            case DeviceStateChanged():
                self._snapshots.note(event)
            case CallerEntered(call_id, channel=channel):
                self._control.caller_entered(channel, call_id)
            case CallerReplaced(channel, by):
                self._snapshots.note(event)
                self._control.caller_replaced(channel, by)
                if self._early is not None:
                    if self._takes_early_place(event):
                        return
                    event = replace(event, unsettled=True)
            case CallerLeft(channel, call_id=call_id):
                self._snapshots.note(event)
                self._control.caller_left(channel, call_id)
                if self._early:
                    self._early = [early for early in self._early if early.channel != channel]
            case LegAnswered(leg) | LegEnded(leg):
                self._snapshots.note(event)
                self._ringing.end(leg)
        self._submit_to_engine(event)
        if isinstance(event, DeviceStateChanged):
            self._ringing.state_changed(event)

    def _takes_early_place(self, event: CallerReplaced) -> bool:
        """Have a channel enter in the place of one that is about to; tell whether one is."""
        early = self._early or []
        concerned = [place for place, other in enumerate(early) if other.channel == event.channel]
        for place in concerned:
            early[place] = _in_place_of(early[place], event)
        return any(isinstance(early[place], CallerEntered) for place in concerned)

    def _lost(self) -> None:
        for early in self._early or ():
            if isinstance(early, CallerEntered) and early.customer is not None:
                self._intake.remember(early.channel, early.digits, early.customer)
        self._early = []
        self._intake.forget()
        self._ringing.forget()
        self._control.connection_lost()
        self._submit_to_engine(AsteriskLost())

    async def _settle(self) -> None:
        self._intake.begin_listing(self._held_back())
        found = await self._snapshots.read(self._devices(), self._acted_until())
        for leg, device in found.phones.items():
            self._ringing.begin(leg, device)
        snapshot = replace(found, newcomers=self._intake.newcomers | self._held_back())
        try:
            strangers = await self._reconcile(snapshot)
        except (StoreUnavailableError, StoreRefusedError) as error:
            self._tell_what_was_early()  # who enters is to be turned away, not to wait
            raise NotSettledError(str(error)) from error
        listed = [caller.channel for caller in snapshot.callers]
        places_taken = self._intake.adopt(strangers, listed, snapshot.newcomers)
        self._tell_what_was_early()
        for event in places_taken:
            self._submit_to_engine(event)

    def _held_back(self) -> set[str]:
        """Return the channels of callers who are to enter when it has been compared."""
        return {early.channel for early in self._early or () if isinstance(early, CallerEntered)}

    def _tell_what_was_early(self) -> None:
        early, self._early = self._early or (), None
        for event in early:
            self._submit(event)


def _in_place_of(
    early: CallerEntered | DigitPressed, event: CallerReplaced
) -> CallerEntered | DigitPressed:
    """Return what is to be told of who has the place of a channel now."""
    if isinstance(early, CallerEntered) and event.caller.number:
        early = replace(early, caller=event.caller)
    return replace(early, channel=event.by)
