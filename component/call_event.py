"""Calls as an agent's software sees them: read from a node's items, and each event only once."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

log = logging.getLogger(__name__)

T = TypeVar("T")

JSON_IN_ITEM = "{urn:ivr-pubsub:call:1}call/{urn:xmpp:json:0}json"
EVENT = "{http://jabber.org/protocol/pubsub#event}"
RETRACT, EMPTIED = f"{EVENT}retract", (f"{EVENT}purge", f"{EVENT}delete")
OPEN = ("offered", "answered")
"""The states of a call that is not over."""
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class CallEvent:
    """What happened to a call at one extension."""

    state: str  # offered, answered, ended; withdrawn: it was offered here, and is no longer
    call_id: str
    revision: int  # grows with everything that is told about the call
    queue: str
    extension: str
    caller_number: str
    caller_name: str
    customer_code: str  # empty, like the next two, if the customer is unknown
    customer_name: str
    customer_attributes: dict[str, str]
    digits: str  # what the caller keyed
    waiting: float  # seconds in the queue before this offer
    entered: datetime
    offered: datetime | None
    answered: datetime | None
    ended: datetime | None
    transferred_from: tuple[str, ...] = ()  # extensions that had the call before, the first first
    called_back: str = ""  # the number, if the caller had hung up and was called back


def read(item: Element) -> CallEvent | None:
    """Read the JSON (XEP-0335) in an item of a node."""
    try:
        call: dict[str, Any] = json.loads(item.findtext(JSON_IN_ITEM, ""))
        caller, customer = call["caller"], call["customer"] or {}
        times = (call[name] for name in ("entered", "offered", "answered", "ended"))
        entered, offered, answered, ended = (t and datetime.fromisoformat(t) for t in times)
        return CallEvent(
            call["state"], call["id"], call["revision"], call["queue"], call["extension"],
            caller["number"], caller["name"], customer.get("code", ""), customer.get("name", ""),
            customer.get("attributes", {}), call["digits"], call["waiting"],
            entered, offered, answered, ended,
            tuple(transfer["from"] for transfer in call.get("transfers", ())),
            (call.get("callback") or {}).get("number", ""),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        log.warning("cannot read item %s", item.get("id"))
        return None


class Recent(dict[str, T]):
    """What was put in lately, by its id; what was put in first is forgotten first."""

    def __setitem__(self, id_: str, what: T) -> None:
        super().__setitem__(id_, what)
        if len(self) > REMEMBERED:
            del self[next(iter(self))]


class ShownCalls:
    """Remembers what was shown, so that nothing is shown twice and nothing is missed."""

    def __init__(self) -> None:
        self._shown: Recent[CallEvent] = Recent()

    def heard(self, event: Element) -> Iterable[CallEvent]:
        """Return what is new in an event of the node: some items, or that all are gone at once."""
        return self.missed(()) if event.tag in EMPTIED else self.news(event)

    def news(self, items: Iterable[Element]) -> Iterator[CallEvent]:
        """Yield what items and retractions, in the order in which they came, tell that is new."""
        for item in items:
            known = self._shown.get(item.get("id", ""))
            if item.tag == RETRACT:
                event = replace(known, state="withdrawn") if known and known.state in OPEN else None
            else:
                event = read(item)
                if event and known and not _is_news(event, known):
                    event = None
            if event:
                self._shown[event.call_id] = event
                yield event

    def missed(self, items: Iterable[Element]) -> list[CallEvent]:
        """Compare all items that the node has with what was shown; return the difference by time.

        An open call that the node no longer has was withdrawn.
        """
        here = {item.get("id", ""): item for item in items}
        open_ = [call_id for call_id, call in self._shown.items() if call.state in OPEN]
        gone = [Element(RETRACT, id=call_id) for call_id in open_ if call_id not in here]
        news = self.news([*gone, *here.values()])
        return sorted(news, key=lambda e: e.ended or e.answered or e.offered or e.entered)


def _is_news(event: CallEvent, known: CallEvent) -> bool:
    """Tell whether an item says more of a call than what was shown.

    What comes after a retraction was published after it, even if the node was read in between and
    it was shown before: without it the call would stay withdrawn.
    """
    if known.state == "withdrawn":
        return event.revision >= known.revision
    return event.revision > known.revision
