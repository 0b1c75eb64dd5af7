"""From ARI's events to the domain's, callers identified on the way.

The events of a channel keep their order, even while its caller is being looked up; a slow look-up
holds nobody else up.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

import structlog

from component.domain.events import (
    CallerEntered,
    CallerLeft,
    CallerReplaced,
    DeviceStateChanged,
    Event,
    LegEnded,
)
from component.domain.model import Caller, Customer, Leg
from component.ports import Directory, StoreUnavailableError, WaitingChannel
from component.telephony.endings import Endings
from component.telephony.errors import MalformedEventError
from component.telephony.translate import TransferTold, device_of, translate

log = structlog.get_logger(__name__)

REMEMBERED = 10_000
"""Look-ups kept for callers who have not entered yet; some hang up before they do."""


def new_call_id() -> str:
    """Return an id that no call had before."""
    return uuid4().hex


def _in_place_of(caller: WaitingChannel, event: CallerReplaced) -> WaitingChannel:
    """Return who enters now in the place of a caller, with all that was known of that one."""
    caller = replace(caller, channel=event.by)
    if not event.caller.number:
        return caller
    return replace(caller, caller_number=event.caller.number, caller_name=event.caller.name)


@dataclass(frozen=True, slots=True)
class _LookedUp:
    digits: str
    customer: Customer | None


@dataclass(slots=True)
class _Entering:
    """A caller of whom it is not known yet who it is, or whose turn it is not yet."""

    waiting: WaitingChannel
    line: deque["_Entering"]
    """Those who enter in this order: of those whom Asterisk tells of by and by, each alone."""
    is_settled: bool = False
    customer: Customer | None = None
    held_back: list[CallerLeft | CallerReplaced | WaitingChannel] = field(default_factory=list)
    """What happened to the channel since: it left, and perhaps came again."""


class Intake:
    """Turns what Asterisk reports into events, handed to `submit`.

    `deadline` is in seconds, for looking a customer up; after it the caller stays unidentified.
    `transfer_told` takes the legs whose phones have been told what became of a transfer.
    """

    def __init__(
        self,
        submit: Callable[[Event], None],
        directory: Directory,
        deadline: float,
        new_id: Callable[[], str] = new_call_id,
        *,
        transfer_told: Callable[[Leg], None] = lambda _: None,
    ) -> None:
        self._submit = submit
        self._transfer_told = transfer_told
        self._directory = directory
        self.deadline = deadline
        self._new_id = new_id
        self._remembered: OrderedDict[str, _LookedUp] = OrderedDict()
        self._entering: dict[str, _Entering] = {}
        self._told: set[str] | None = None
        """The channels that events told of, those only that are held back if it was before a list
        was asked for; None: none is."""
        self._listed: set[str] = set()
        """The channels of the last list of which no event has told since."""
        self._replacements: dict[str, CallerReplaced] = {}
        """By the other channel, in whose place another one has come while a list was asked for."""
        self._endings = Endings(submit)
        self._lookups: set[asyncio.Task[None]] = set()

    def remember(self, channel: str, digits: str, customer: Customer | None) -> None:
        """Keep what a look-up for this channel gave, for when the channel enters a queue."""
        self._remembered[channel] = _LookedUp(digits, customer)
        self._remembered.move_to_end(channel)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def receive(self, event: Mapping[str, object]) -> None:
        """Take in an event of ARI's."""
        try:
            fact = translate(event)
            device = device_of(event.get("channel")) if isinstance(fact, LegEnded) else ""
        except MalformedEventError as error:
            log.error("event cannot be understood", type=event.get("type"), error=str(error))
            return
        match fact:
            case None:
                log.debug("event ignored", type=event.get("type"))
            case WaitingChannel(channel):
                if not self._was_listed(channel):
                    self._let_in([fact])
            case CallerLeft(channel):
                self._was_listed(channel)
                self._left(fact)
            case CallerReplaced(by=by):
                if by in self._listed:
                    self._listed.remove(by)  # he was found, as who came or in the other one's place
                else:
                    self._replaced(fact)
            case DeviceStateChanged():
                self._endings.state_changed(fact)
            case LegEnded():
                self._endings.leg_ended(fact, device)
            case TransferTold(leg):
                self._transfer_told(leg)
            case _:
                self._submit(fact)

    def forget(self) -> None:
        """Let nobody enter who is about to: the connection is lost.

        Whoever is still there is listed after the next connect. If only some entered by what was
        told before, they would do so before those who came first.
        """
        for channel, entering in self._entering.items():
            entering.line.clear()
            if entering.customer is not None:
                self.remember(channel, entering.waiting.digits, entering.customer)
        self._entering.clear()
        for task in self._lookups:
            task.cancel()

    def begin_listing(self, held_back: Iterable[str] = ()) -> None:
        """Take note of whom events tell while the callers in Asterisk are being listed.

        Those `held_back` have been told of before, are identified, and enter afterwards.
        """
        self._told = set(held_back)
        self._replacements.clear()

    @property
    def newcomers(self) -> frozenset[str]:
        """The channels of callers who are being looked up."""
        return frozenset(self._entering)

    def adopt(
        self,
        strangers: Iterable[WaitingChannel],
        listed: Iterable[str],
        newcomers: Collection[str],
    ) -> list[CallerReplaced]:
        """Let callers enter in this order, however long the look-up of each takes.

        They are those of all `listed` channels of whom nothing was known. Whoever an event told of
        since `begin_listing` is known by that. The `newcomers` were being looked up by then: if
        they are not any more, they have entered since, and may have left.

        Returns who has the place of one who is listed and does not enter, to be told of again: if
        that one's call was over by then, this could be no earlier.
        """
        told, self._told = self._told or set(), None
        self._listed = set(listed) - told
        there = [s if s.channel in newcomers else self._there_now(s) for s in strangers]
        self._let_in([s for s in there if s.channel not in told], newcomers)
        return [event for event in self._places_taken(listed) if event.by not in told]

    async def close(self) -> None:
        """Give up the look-ups under way."""
        for task in self._lookups:
            task.cancel()
        await asyncio.gather(*self._lookups, return_exceptions=True)

    def _was_listed(self, channel: str) -> bool:
        """Take note that an event tells of a channel; return whether a list has told before.

        If it is that it entered, it is the entry by which it came to be listed: its leaving would
        have been told in between.
        """
        if self._told is not None:
            self._told.add(channel)
        was_listed = channel in self._listed
        self._listed.discard(channel)
        return was_listed

    def _let_in(
        self, callers: Iterable[WaitingChannel], newcomers: Collection[str] = frozenset()
    ) -> None:
        """Let callers enter the queue, looked up first if need be. Told twice is no harm."""
        line: deque[_Entering] = deque()
        for waiting in callers:
            known = self._entering.get(waiting.channel)
            if known is None and waiting.channel not in newcomers:
                entering = self._entering[waiting.channel] = _Entering(waiting, line)
                line.append(entering)
            elif (
                known is not None and known.held_back
            ):  # it left, and the dialplan has sent it again
                known.held_back.append(waiting)
        for entering in list(line):
            self._identify(entering)

    def _identify(self, entering: _Entering) -> None:
        waiting = entering.waiting
        known = self._remembered.pop(waiting.channel, None)
        if not (waiting.digits or waiting.caller_number):
            self._settle(entering, None)
        elif known is not None and known.digits == waiting.digits:
            self._settle(entering, known.customer)
        else:
            task = asyncio.create_task(self._look_up(entering), name=f"look up {waiting.channel}")
            self._lookups.add(task)
            task.add_done_callback(self._looked_up)

    async def _look_up(self, entering: _Entering) -> None:
        waiting, customer = entering.waiting, None
        try:
            async with asyncio.timeout(self.deadline):
                customer = await self._directory.customer(waiting.digits, waiting.caller_number)
        except (TimeoutError, StoreUnavailableError) as error:
            log.warning(
                "caller enters unidentified",
                channel=waiting.channel,
                queue=waiting.queue,
                error=str(error) or f"no answer within {self.deadline:g} s",
            )
        finally:
            self._settle(entering, customer)

    def _settle(self, settled: _Entering, customer: Customer | None) -> None:
        """Take note of who a caller is. Whoever waited for that alone enters."""
        settled.is_settled, settled.customer = True, customer
        line = settled.line
        while line and line[0].is_settled:
            first = line.popleft()
            del self._entering[first.waiting.channel]
            self._enter(first.waiting, first.customer)
            for event in first.held_back:
                match event:
                    case WaitingChannel():
                        self._let_in([event])
                    case CallerReplaced():
                        self._replaced(event)
                    case CallerLeft():
                        self._left(event)

    def _left(self, event: CallerLeft) -> None:
        entering = self._entering.get(event.channel)
        if entering is None:
            self._submit(event)
        else:
            entering.held_back.append(event)

    def _replaced(self, event: CallerReplaced) -> None:
        """Let another channel enter in the place of one that is about to, or take its place.

        While it is being listed who is there, the other one may be about to be found.
        """
        entering = self._entering.get(event.channel)
        if entering is not None and entering.held_back:
            entering.held_back.append(event)  # it is about who came again
        elif entering is not None:
            del self._entering[event.channel]
            entering.waiting = _in_place_of(entering.waiting, event)
            self._entering[event.by] = entering
            if self._told is not None:
                self._told.add(event.by)
        else:
            if self._told is not None and event.channel in self._told:
                self._told.add(event.by)
            elif self._told is not None:
                self._replacements[event.channel] = event
            self._submit(event)

    def _there_now(self, listed: WaitingChannel) -> WaitingChannel:
        """Return who has the place of a listed caller by now."""
        while (event := self._replacements.pop(listed.channel, None)) is not None:
            listed = _in_place_of(listed, event)
        return listed

    def _places_taken(self, listed: Iterable[str]) -> Iterator[CallerReplaced]:
        """Yield who has the place of each by now that nobody enters in."""
        for first in listed:
            channel, last = first, None
            while (event := self._replacements.pop(channel, None)) is not None:
                last, channel = event, event.by
            if last is not None:
                yield last

    def _enter(self, waiting: WaitingChannel, customer: Customer | None) -> None:
        self._submit(
            CallerEntered(
                call_id=self._new_id(),
                queue=waiting.queue,
                channel=waiting.channel,
                caller=Caller(waiting.caller_number, waiting.caller_name),
                digits=waiting.digits,
                customer=customer,
                priority=waiting.priority,
                terms=waiting.terms,
            )
        )

    def _looked_up(self, task: asyncio.Task[None]) -> None:
        self._lookups.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("look-up failed", exc_info=error)
