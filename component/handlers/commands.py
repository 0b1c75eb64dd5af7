"""Ad-hoc commands (XEP-0050): the one dispatcher of all that can be commanded.

A command is a function of the forms that were filled in so far: it answers with the next form, or
with what came of it. So the steps, back and forth, and the sessions are the same for all.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol
from xml.etree import ElementTree as ET

from component.handlers.forms import (
    Field,
    FormError,
    Values,
    WrongValueError,
    form_in,
    form_markup,
)
from component.handlers.namespaces import COMMANDS, DISCO_INFO, DISCO_ITEMS, FORM
from component.handlers.stanza import (
    LANGUAGE,
    CommandError,
    Engine,
    IqRequest,
    Routes,
    qualified,
)
from component.markup import NOTHING, Markup, element, text
from component.pubsub.addresses import bare
from component.pubsub.errors import ForbiddenError, ItemNotFoundError

SESSIONS = 1000
"""How many may be under way; for one more, the oldest ends of whoever has most."""

SESSION_SECONDS = 600.0
"""How long a form may lie about before it is filled in."""

_ACTIONS = ("execute", "next", "prev", "complete", "cancel")


@dataclass(frozen=True, slots=True)
class Form:
    """What is to be filled in next."""

    type: str
    """Its FORM_TYPE (XEP-0068)."""
    fields: tuple[Field, ...]
    is_last: bool = True
    """Whether the command is carried out once this is filled in."""
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command that is over."""

    note: str = ""
    """For people."""
    failed: bool = False
    payload: Markup = NOTHING


class Commands(Protocol):
    """Some commands that belong together."""

    names: Mapping[str, str]
    """What people call them, by node."""

    async def offered(self, iq: IqRequest) -> Mapping[str, str]:
        """Return those that somebody can use at an address."""
        ...

    async def proceed(self, iq: IqRequest, node: str, filled: Sequence[Values]) -> Form | Outcome:
        """Return what comes after the forms that were filled in so far.

        Raises `FormError` if the last one cannot be used, `WrongValueError` if it is to be shown
        again with the reason, and what refuses the command.
        """
        ...


Owner = tuple[str, str, str]
"""Who, where, which command."""


@dataclass(slots=True)
class _Session:
    """Somebody's at an address, from the first form to the end of the command."""

    id: str
    owner: Owner
    form: Form
    since: float
    """When the form was shown, by the monotonic clock."""
    filled: list[Values] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What is sent at the same time is carried out one after the other, nothing twice."""


class _Sessions:
    """Those under way, and, as far as they are remembered, those that are over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Session] = OrderedDict()
        self._over: OrderedDict[str, Owner] = OrderedDict()

    def begin(self, id_: str, owner: Owner, form: Form) -> _Session:
        """Remember a session. If there are too many, one of those ends who have most."""
        if len(self._open) >= SESSIONS:
            oldest = self._most_easily_missed()
            self.end(oldest.id, oldest.owner)
        self._open[id_] = begun = _Session(id_, owner, form, self._clock())
        return begun

    def _most_easily_missed(self) -> _Session:
        held = Counter(bare(session.owner[0]) for session in self._open.values())
        (most, _), *_ = held.most_common(1)
        return next(s for s in self._open.values() if bare(s.owner[0]) == most)

    def find(self, id_: str, owner: Owner) -> _Session:
        """Return a session of somebody's. Raises `CommandError` if it is none, or over."""
        session = self._open.get(id_)
        if session is not None and self._clock() - session.since > SESSION_SECONDS:
            self.end(id_, session.owner)
        if self._over.get(id_) == owner:
            raise CommandError("The session is over: begin again.", "session-expired")
        if session is None or session.owner != owner:
            raise CommandError("There is no such session.", "bad-sessionid")
        return session

    def go_on(self, session: _Session, form: Form, filled: list[Values]) -> None:
        """Take note that a form is shown now."""
        session.form, session.filled, session.since = form, filled, self._clock()

    def end(self, id_: str, owner: Owner) -> None:
        """Take note that a session is over, if ever it was under way."""
        self._open.pop(id_, None)
        self._over[id_] = owner
        if len(self._over) > SESSIONS:
            self._over.popitem(last=False)


class CommandHandlers:
    """Carries commands out, step by step. `new_id` makes identifiers of sessions."""

    def __init__(
        self,
        engine: Engine,
        families: Sequence[Commands],
        new_id: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._families = {node: family for family in families for node in family.names}
        self._all = families
        self._new_id = new_id
        self._sessions = _Sessions(clock)
        self.features = (COMMANDS,)
        self.routes: Routes = {("set", qualified(COMMANDS, "command")): self._command}

    async def offered(self, iq: IqRequest) -> dict[str, str]:
        """Return what somebody can command at an address: names for people, by node."""
        return {node: n for f in self._all for node, n in (await f.offered(iq)).items()}

    async def check_offered(self, iq: IqRequest, node: str | None) -> None:
        """Raise `ForbiddenError` if this is a command that somebody cannot use (§2.2)."""
        if node in self._families and node not in await self.offered(iq):
            raise ForbiddenError

    def described(self, node: str | None) -> Markup | None:
        """Return what service discovery says of a command, or of their list; None of all else."""
        if node == COMMANDS:
            return _description({"type": "command-list"}, (DISCO_INFO, DISCO_ITEMS))
        if node not in self._families:
            return None
        name = self._families[node].names[node]
        return _description({"type": "command-node", "name": name}, (COMMANDS, FORM))

    async def _command(self, iq: IqRequest) -> Markup:
        await self._engine.pubsub(lambda pubsub, _: pubsub.check_address(iq.address))
        node = iq.child.get("node", "")
        if node not in self._families:
            raise ItemNotFoundError
        action, session = iq.child.get("action", "execute"), iq.child.get("sessionid")
        if action not in _ACTIONS:
            raise CommandError("There is no such action.", "malformed-action")
        if session is not None:
            return await self._continue(iq, node, action, session)
        if action != "execute":
            raise CommandError("The command has not begun.", "bad-sessionid")
        found = await self._families[node].proceed(iq, node, ())
        id_, owner = self._new_id(), _owner(iq, node)
        if isinstance(found, Outcome):
            return self._end(id_, owner, found)
        return _asking(self._sessions.begin(id_, owner, found))

    async def _continue(self, iq: IqRequest, node: str, action: str, id_: str) -> Markup:
        owner = _owner(iq, node)
        async with self._sessions.find(id_, owner).turn:
            return await self._take_step(iq, self._sessions.find(id_, owner), action)

    async def _take_step(self, iq: IqRequest, session: _Session, action: str) -> Markup:
        id_, node = session.id, session.owner[2]
        if action in ("prev", "next", "complete"):
            _check_action(session, action)
        values = None if action == "cancel" else _values(iq.child, session.form)
        if values is None:
            self._sessions.end(id_, session.owner)
            return _markup(node, id_, "canceled")
        if action == "prev":
            filled, draft = session.filled[:-1], session.filled[-1]
        else:
            filled, draft = [*session.filled, values], {}
        try:
            found = await self._proceed(iq, node, filled)
        except WrongValueError as error:
            self._sessions.go_on(session, session.form, session.filled)
            return _asking(session, values, _note(str(error), "error"))
        if isinstance(found, Outcome):
            return self._end(id_, session.owner, found)
        self._sessions.go_on(session, found, filled)
        return _asking(session, draft)

    async def _proceed(self, iq: IqRequest, node: str, filled: Sequence[Values]) -> Form | Outcome:
        try:
            return await self._families[node].proceed(iq, node, filled)
        except WrongValueError:
            raise
        except FormError as error:
            raise CommandError(str(error), "bad-payload") from error

    def _end(self, id_: str, owner: Owner, outcome: Outcome) -> Markup:
        self._sessions.end(id_, owner)
        type_ = "error" if outcome.failed else "info"
        note = _note(outcome.note, type_) if outcome.note else NOTHING
        return _markup(owner[2], id_, "completed", note, outcome.payload)


def _description(identity: Mapping[str, str], features: Sequence[str]) -> Markup:
    listed = (element("feature", {"var": var}) for var in features)
    return Markup(element("identity", {"category": "automation", **identity}) + "".join(listed))


def _owner(iq: IqRequest, node: str) -> Owner:
    return iq.sender, iq.address, node


def _check_action(session: _Session, action: str) -> None:
    """Raise `CommandError` if a form does not lead where somebody wants to go (XEP-0050 §4.4)."""
    possible = {"next": not session.form.is_last, "complete": session.form.is_last}
    if not possible.get(action, bool(session.filled)):
        raise CommandError("This is not among the actions.", "bad-action")


def _values(command: ET.Element, form: Form) -> Values | None:
    """Return what was filled in, None if the form was cancelled.

    A field that is not sent is left as it was shown; one that was not shown is ignored.
    """
    values = form_in(command, form.type)
    if values is None:
        return None
    return {field.var: values.get(field.var, field.values) for field in form.fields}


def _asking(
    session: _Session, draft: Values = MappingProxyType({}), note: Markup = NOTHING
) -> Markup:
    """Show a form, with what was filled in before if somebody has come back to it."""
    form = session.form
    forward = "complete" if form.is_last else "next"
    possible = ("prev", forward) if session.filled else (forward,)
    actions = element("actions", {"execute": forward}, *(element(name) for name in possible))
    fields = (replace(f, values=draft[f.var]) if f.var in draft else f for f in form.fields)
    shown = form_markup(form.type, "form", fields, title=form.title)
    return _markup(session.owner[2], session.id, "executing", actions, note, shown)


def _note(words: str, type_: str) -> Markup:
    return element("note", {"type": type_}, text(words))


def _markup(node: str, id_: str, status: str, *content: Markup) -> Markup:
    """Return what is answered, in the one language that is spoken here (§3.7)."""
    attributes = {"xmlns": COMMANDS, "node": node, "sessionid": id_, "status": status}
    return element("command", attributes | {"xml:lang": LANGUAGE}, *content)
