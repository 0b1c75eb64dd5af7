"""Stanzas in, stanzas out, with the rules behind them and nothing else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain, count
from random import Random
from typing import NamedTuple, TypeVar
from xml.etree import ElementTree as ET

import pytest

from component.domain.events import Event
from component.domain.state import State
from component.domain.step import step
from component.handlers.dispatch import dispatcher
from component.markup import flaw
from component.operations.desk import Desk
from component.operations.rights import Staff
from component.pubsub.model import Item, Role
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.service import PubSub
from tests.small_centre import Notebook, small_centre
from tests.unit.pubsub.provisioned import (
    ACCOUNTS,
    ADMIN,
    DOMAIN,
    NOW,
    PRIVILEGED,
    SUPERVISOR,
    Provisioned,
)

T = TypeVar("T")

STAFF = Staff(DOMAIN, frozenset({SUPERVISOR}), frozenset({ADMIN}))

STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
PUBSUB_ERRORS = "{http://jabber.org/protocol/pubsub#errors}"


class ImmediateEngine:
    """Runs operations at once; commits them, unless it is told to fail."""

    def __init__(self, service: Provisioned) -> None:
        self._service = service
        self.failure: Exception | None = None
        self.state = small_centre(service.ledger, ACCOUNTS)

    async def pubsub(
        self, operation: Callable[[PubSub, datetime], T], *, patient: bool = False
    ) -> T:
        if self.failure is not None and not patient:
            raise self.failure
        return self._service.do(lambda pubsub: operation(pubsub, NOW))

    async def errand(self, run: Callable[[State, Callable[[Event], None], datetime], T]) -> T:
        if self.failure is not None:
            raise self.failure

        def step_now(event: Event) -> None:
            step(self.state, event, NOW, Random(0))

        return self._service.do(lambda _: run(self.state, step_now, NOW))

    async def whole(self, items: Sequence[Item]) -> list[Item]:
        return list(items)


class Refusal(NamedTuple):
    """What an error says, without its words."""

    type: str | None
    condition: str
    pubsub: str | None = None
    feature: str | None = None


class Dialogue:
    """A conversation of user1, to whom extension 1000 belongs, with the component."""

    def __init__(
        self, policy: Policy = DEFAULT_POLICY, privileged: Mapping[str, Role] = PRIVILEGED
    ) -> None:
        self.service = Provisioned(policy=policy, privileged=privileged)
        self.engine = ImmediateEngine(self.service)
        self._ids = chain(["new-subid"], (f"new-subid-{number}" for number in count(2)))
        self.dispatcher = dispatcher(
            self.engine,
            DOMAIN,
            "1.2.3",
            lambda: next(self._ids),
            policy,
            desk=Desk(self.engine, Notebook()),
            staff=STAFF,
        )

    def take_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Leave time between two operations of a request for those of others."""
        at_once = self.engine.pubsub

        async def in_turn(operation: Callable[[PubSub, datetime], T]) -> T:
            await asyncio.sleep(0)
            return await at_once(operation)

        monkeypatch.setattr(self.engine, "pubsub", in_turn)

    async def say(self, stanza: str) -> str | None:
        """Send a stanza; return the reply."""
        reply = await self.dispatcher.answer(parse(stanza))
        assert reply is None or flaw(reply) is None
        return reply

    async def expect(self, stanza: str, expected: str) -> None:
        """Send a stanza; the reply must mean the same as what is expected."""
        reply = await self.say(stanza)
        assert reply is not None
        assert canonical(reply) == canonical(expected)

    async def refused(self, stanza: str) -> Refusal:
        """Send a stanza; return what the error in the reply says."""
        reply = await self.say(stanza)
        assert reply is not None
        return refusal(reply)

    async def ask(self, type_: str, content: str, to: str = DOMAIN) -> Refusal | None:
        """Send a request; return what the error says, None if there is none."""
        sent = f"<iq type='{type_}' id='1' from='user1@example.com/r' to='{to}'>{content}</iq>"
        reply = await self.say(sent)
        assert reply is not None
        root = ET.fromstring(reply)
        assert (root.get("id"), root.get("from"), root.get("to")) == (
            "1",
            to,
            "user1@example.com/r",
        )
        return refusal(reply) if root.get("type") == "error" else None


def parse(stanza: str) -> ET.Element:
    """Return a stanza as the stream hands it over."""
    (element,) = ET.fromstring(f"<stream xmlns='jabber:component:accept'>{stanza}</stream>")
    return element


def canonical(markup: str) -> str:
    return ET.canonicalize(markup, strip_text=True)


def refusal(reply: str) -> Refusal:
    root = ET.fromstring(reply)
    assert root.get("type") == "error"
    error = root.find("error")
    assert error is not None
    assert error.find(f"{STANZAS}text") is not None or len(error) == 1
    condition = error[0].tag.removeprefix(STANZAS)
    specific = [child for child in error if child.tag.startswith(PUBSUB_ERRORS)]
    if not specific:
        return Refusal(error.get("type"), condition)
    name = specific[0].tag.removeprefix(PUBSUB_ERRORS)
    return Refusal(error.get("type"), condition, name, specific[0].get("feature"))
