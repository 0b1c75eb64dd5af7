"""The state of the call centre: the records, and the indexes that are derived from them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from component.domain.candidates import Candidates, Rank
from component.domain.choice import Choice
from component.domain.events import Event
from component.domain.hold_times import HoldTime, average
from component.domain.kept_place import Asked
from component.domain.lines import Lines
from component.domain.logged_on import LoggedOn
from component.domain.model import Agent, Call, Leg, Member, Person, Spoke, Turn, dnd_device
from component.domain.obstacles import obstacle
from component.domain.presence import Presence, reasons
from component.domain.queue import Queue
from component.domain.queue_log import Change, InAllQueues, LogEntry, entries
from component.domain.restoring import in_hand
from component.domain.strategies import STRATEGIES
from component.domain.words import CallState, MemberState
from component.records import Ledger, Table


class State:
    """Queues, agents, members and the calls that have not ended.

    Only `step` changes it; the engine commits or undoes what `step` did, through the ledger.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._lines = Lines()
        self._asterisk_up = False
        self._draining = False
        self.queues: dict[str, Queue] = {}
        self.agents: Table[str, Agent] = Table(ledger, self._agent_changed)
        self.members: Table[tuple[str, str], Member] = Table(
            ledger, self._member_changed, lambda old, new: self._journal.append((old, new))
        )
        self.calls: Table[str, Call] = Table(
            ledger, self._lines.call_changed, lambda old, new: self._journal.append((old, new))
        )
        self.queue_log: Table[int, LogEntry] = Table(ledger)
        """What has not been committed yet, by a number that grows and never comes again."""
        self.choices: Table[tuple[str, int], Choice] = Table(ledger)
        """What has not been committed yet, by call and leg."""
        self.turns: Table[str, Turn] = Table(ledger)
        """Of the queues that go round in a circle."""
        self.holdtimes: Table[str, tuple[HoldTime, ...]] = Table(ledger)
        """How long the callers of a queue waited who were answered last; stored with the calls."""
        self.spoke: Table[int, Spoke] = Table(ledger)
        """Who spoke with a customer last, by the customer's id; stored with the calls, too."""
        self.acquainted: set[int] = set()
        """The customers, by id, of whom that was noted since `forget_changes`."""
        self.asked: Table[Asked, Asked] = Table(ledger)
        """Who asked to be called back of late; stored with the calls, too."""
        self.passed_on: Table[str, Call] = Table(ledger)
        """Calls that are over for us, of callers whom an agent passed on and who may come into a
        queue again; by the caller's channel. They are stored with the calls."""
        self.candidates = Candidates()
        self.presence = Presence()
        self._by_device: defaultdict[str, dict[str, None]] = defaultdict(dict)
        """Two have the same one while they exchange theirs, or while one leaves; the last has it
        by now."""
        self._by_dnd_device: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._by_person: dict[str, str] = {}
        self._vacated: set[str] = set()
        self._removed: dict[str, Person | None] = {}
        """Who was at the extensions that are gone since `forget_changes`: the log names them."""
        self._by_leg: dict[Leg, str] = {}
        self._by_account: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._accounts: dict[str, str] = {}
        self._queues_of: defaultdict[str, set[str]] = defaultdict(set)
        self._logged_on = LoggedOn()
        self._logon_order = 0
        self._logged = 0
        self._journal: list[Change] = []

    def load(
        self,
        queues: Iterable[Queue],
        agents: Iterable[Agent],
        members: Iterable[Member],
        calls: Iterable[Call],
        turns: Iterable[Turn] = (),
        *,
        last_logged: int = 0,
        holdtimes: Mapping[str, tuple[HoldTime, ...]] = MappingProxyType({}),
        spoke: Iterable[Spoke] = (),
        asked: Iterable[Asked] = (),
        passed_on: Iterable[Call] = (),
    ) -> None:
        """Take over what the store has; agents have in hand what their calls say."""
        for queue in queues:
            self.queues[queue.name] = queue
        calls = list(calls)
        for agent in in_hand(agents, calls):
            self.agents.load(agent.extension, agent)
        for member in members:
            self.members.load((member.queue, member.extension), member)
        for call in calls:
            self.calls.load(call.id, call)
        for turn in turns:
            self.turns.load(turn.queue, turn)
            self._logon_order = max(self._logon_order, turn.logon_order)
        self._logged = last_logged
        for name, held in holdtimes.items():
            self.holdtimes.load(name, held)
        for last in spoke:
            self.spoke.load(last.customer, last)
        for request in asked:
            self.asked.load(request, request)
        for call in passed_on:
            self.passed_on.load(call.channel, call)

    @property
    def asterisk_up(self) -> bool:
        """Whether Asterisk is there. Without it no call is offered."""
        return self._asterisk_up

    @asterisk_up.setter
    def asterisk_up(self, up: bool) -> None:
        before = self._asterisk_up
        self._asterisk_up = up
        self.ledger.note(lambda: self._believe(before))

    @property
    def draining(self) -> bool:
        """Whether no new callers are taken and no customers called back, while those who are there
        are served."""
        return self._draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        before = self._draining
        self._draining = draining
        self.ledger.note(lambda: self._set_draining(before))

    def put_queue(self, queue: Queue) -> None:
        """Add a queue or give it other settings; its members take the places that these give."""
        self._change_queue(queue.name, queue)

    def drop_queue(self, name: str) -> None:
        """Remove a queue that has no members and no waiting calls any more."""
        self._change_queue(name, None)

    def agent_at(self, device: str) -> Agent | None:
        """Return the agent who has this device."""
        extensions = self._by_device.get(device)
        return self.agents[next(reversed(extensions))] if extensions else None

    def agents_by_dnd(self, device: str) -> list[Agent]:
        """Return the agents for whom this device tells whether calls are wanted.

        They are several if their own devices differ by technology alone.
        """
        return [self.agents[extension] for extension in sorted(self._by_dnd_device.get(device, ()))]

    def extension_of(self, person: str) -> str | None:
        """Return where a person, named by number, is logged on or has a call in hand."""
        return self._by_person.get(person)

    def take_vacated(self) -> list[str]:
        """Return the extensions from which somebody may have gone since this was asked last."""
        vacated = sorted(self._vacated)
        self._vacated.clear()
        return vacated

    def extensions_of(self, account: str) -> list[str]:
        """Return the extensions that an XMPP account, a bare JID, is linked to."""
        return sorted(self._by_account.get(account, ()))

    def accounts(self, extensions: Iterable[str]) -> Iterable[str]:
        """Return the XMPP accounts of who is at these extensions, each once."""
        return dict.fromkeys(map(self._accounts.__getitem__, extensions))

    def agent_of(self, leg: Leg) -> Agent | None:
        """Return the agent who has this leg in hand."""
        extension = self._by_leg.get(leg)
        return None if extension is None else self.agents[extension]

    def call_on(self, channel: str) -> Call | None:
        """Return the call of this caller's channel."""
        call_id = self._lines.on(channel)
        return None if call_id is None else self.calls[call_id]

    def waiting(self, queue: str) -> Iterator[Call]:
        """Yield the calls that wait in a queue now, the first to be served first.

        Those are among them whose callers keep the place, and may be called back now.
        """
        for *_, call_id in self._lines.waiting(queue):
            yield self.calls[call_id]

    def line(self, queue: str) -> list[Call]:
        """Return the calls that have a place in a queue's line, in its order."""
        return [self.calls[call_id] for *_, call_id in self._lines.queued(queue)]

    def first_waiting(self, queue: str) -> datetime | None:
        """Return when the caller entered whom the queue serves next."""
        place = self._lines.first_waiting(queue)
        return None if place is None else place[1]

    def longest_waiting(self, queue: str) -> datetime | None:
        """Return when the caller entered who waits for the longest time, at a phone or not."""
        places = self._lines.queued(queue)
        on_a_line = (entered for _, entered, id_ in places if not self.calls[id_].is_kept)
        return min(on_a_line, default=None)

    def callers(self, queue: str) -> int:
        """Return how many callers of a queue wait to be connected, those at a ringing phone too.

        Not those who are not on the line.
        """
        return len(self._lines.queued(queue)) - self.callbacks(queue)

    def callbacks(self, queue: str) -> int:
        """Return how many callers of a queue keep their place to be called back."""
        return self._lines.kept(queue)

    def going_on(self) -> int:
        """Return how many calls have somebody on the line: all but those to be called back."""
        on_no_line = (CallState.AWAY, CallState.ENDED)
        return sum(call.state not in on_no_line for call in self.calls.values())

    def callbacks_to(self, number: str) -> int:
        """Return how many callers, of all queues, are to be called back at a number."""
        return self._lines.to_be_called(number)

    def position(self, call: Call) -> int:
        """Return the place in its queue's line that a call has or would have, from 1."""
        return self._lines.position(call)

    def anyone_limited(self, queue: str) -> bool:
        """Tell whether somebody waits whose call may not be offered to every penalty."""
        return self._lines.limited(queue) > 0

    def max_wait(self, call: Call) -> timedelta:
        """Return how long any wait of a caller may be: his own timeout goes before the queue's."""
        return call.terms.timeout or self.queues[call.queue].max_wait

    def waits_until(self, call: Call) -> datetime:
        """Return when the caller goes back to the dialplan; later, if the wait began anew."""
        return call.wait_until or call.entered_at + self.max_wait(call)

    def time_left(self, call: Call, now: datetime) -> timedelta:
        """Return how long the caller still waits before going back to the dialplan."""
        return max(self.waits_until(call) - now, timedelta(0))

    def holdtime(self, queue: str) -> int:
        """Return how many seconds the callers of a queue wait on average."""
        return average(self.holdtimes.get(queue) or ())

    def logged_on(self, queue: str) -> list[Member]:
        """Return the members of a queue who are logged on, in the order of log-on."""
        return [self.members[queue, extension] for extension in self.extensions(queue)]

    def extensions(self, queue: str) -> tuple[str, ...]:
        """Return where members of a queue are logged on, in the order of log-on."""
        return self._logged_on.extensions(queue)

    def anyone_logged_on(self, queue: str) -> bool:
        """Tell whether a queue has a member who is logged on."""
        return bool(self.extensions(queue))

    def members_of(self, queue: str) -> list[Member]:
        """Return all members of a queue, logged on or not. Looks through those of all queues."""
        return [member for member in self.members.values() if member.queue == queue]

    def queues_of(self, extension: str) -> Iterator[str]:
        """Yield the queues that an agent is a member of, logged on or not."""
        return iter(sorted(self._queues_of[extension]))

    def next_logon_order(self) -> int:
        """Return a number greater than that of any log-on that counts: whose turn it was, too."""
        return self._logon_order + 1

    def forget_ended(self, committed: Iterable[Call]) -> list[str]:
        """Drop from memory those of the committed calls that have ended; return their ids."""
        ended = [call.id for call in committed if call.state is CallState.ENDED]
        for call_id in ended:
            self.calls.forget(call_id)
        return ended

    def _believe(self, asterisk_up: bool) -> None:
        self._asterisk_up = asterisk_up

    def _set_draining(self, draining: bool) -> None:
        self._draining = draining

    def forget_logged(self) -> None:
        """Drop from memory what is kept for people only, once it is committed."""
        for number in list(self.queue_log):
            self.queue_log.forget(number)
        for key in list(self.choices):
            self.choices.forget(key)

    def log(self, event: Event, now: datetime) -> None:
        """Note in the log what changed, because of an event, since `forget_changes`."""
        for entry in entries(self._journal, event, now):
            self._logged += 1
            agent = self.agents.get(entry.agent)
            person = self._removed.get(entry.agent) if agent is None else agent.person
            named = entry if person is None else replace(entry, person=person.number)
            self.queue_log.put(self._logged, named)

    def note(self, change: InAllQueues) -> None:
        """Have the log tell of something that is more than the changes that follow it."""
        self._journal.append(change)

    def forget_changes(self) -> None:
        """Begin anew to collect what a fact leads to; what was undone must lead to nothing."""
        self.acquainted.clear()
        self._journal.clear()
        self._removed.clear()

    def _change_queue(self, name: str, queue: Queue | None) -> None:
        old = self.queues.get(name)
        self._set_queue(name, queue)
        self.ledger.note(lambda: self._set_queue(name, old))

    def _set_queue(self, name: str, queue: Queue | None) -> None:
        if queue is None:
            self.queues.pop(name, None)
            return
        self.queues[name] = queue
        members = self.members_of(name)
        for member in members:  # places by different strategies cannot be compared
            self.candidates.place(name, member.extension, None)
        for member in members:
            self._place(self.agents[member.extension], member)

    def _agent_changed(self, old: Agent | None, new: Agent | None) -> None:
        before, after = old and old.device, new and new.device
        if old is not None:
            if before != after:
                _discard(self._by_device, old.device, old)
            self._unlink(old)
            for leg in old.legs:
                self._by_leg.pop(leg, None)
            if new is None:
                self._removed[old.extension] = old.person
        if new is not None:
            if new.device and before != after:
                self._by_device[new.device][new.extension] = None
            if new.device:
                self._by_dnd_device[dnd_device(new.device)][new.extension] = None
            self._by_account[new.account][new.extension] = None
            self._accounts[new.extension] = new.account
            if new.person is not None:
                self._by_person[new.person.number] = new.extension
                self._vacated.add(new.extension)
            for leg in new.legs:
                self._by_leg[leg] = new.extension
            for queue in self._queues_of[new.extension]:
                self._place(new, self.members[queue, new.extension])

    def _unlink(self, agent: Agent) -> None:
        self._accounts.pop(agent.extension)
        _discard(self._by_account, agent.account, agent)
        _discard(self._by_dnd_device, dnd_device(agent.device), agent)
        if agent.person is not None:
            self._by_person.pop(agent.person.number, None)

    def _member_changed(self, old: Member | None, new: Member | None) -> None:
        self._logged_on.member_changed(old, new)
        if old is not None:
            self._queues_of[old.extension].discard(old.queue)
            self._vacated.add(old.extension)
            self.candidates.place(old.queue, old.extension, None)
            self.candidates.keep_back(old.queue, old.extension, None)
            self.presence.place(old.queue, old.extension, old.penalty, None)
        if new is not None:
            self._queues_of[new.extension].add(new.queue)
            self._logon_order = max(self._logon_order, new.logon_order)
            agent = self.agents.get(new.extension)
            if agent is not None:
                self._place(agent, new)

    def _place(self, agent: Agent, member: Member) -> None:
        rank: Rank | None = None
        queue = self.queues[member.queue]
        kept_back = obstacle(agent, member, queue)
        if kept_back is None:
            strategy = STRATEGIES[queue.strategy]
            place = strategy.place(agent, member)
            rank = (member.penalty, len(agent.legs), *place, member.extension)
        self.candidates.place(member.queue, member.extension, rank, agent.skills)
        self.candidates.keep_back(member.queue, member.extension, kept_back)
        logged_off = member.state is MemberState.LOGGED_OFF
        there = None if logged_off else reasons(agent, member)
        self.presence.place(member.queue, member.extension, member.penalty, there)


def _discard(index: dict[str, dict[str, None]], key: str, agent: Agent) -> None:
    """Drop an agent from an index in which several may have the same key."""
    index[key].pop(agent.extension, None)
    if not index[key]:
        del index[key]
