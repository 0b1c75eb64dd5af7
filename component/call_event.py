"""A call as an agent's software sees it; read from the JSON of an item (XEP-0335)."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

log = logging.getLogger(__name__)

JSON_IN_ITEM = "{urn:ivr-pubsub:call:1}call/{urn:xmpp:json:0}json"
OPEN = ("offered", "answered")
"""The states of a call that is not over."""


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


def read(item: Element) -> CallEvent | None:
    """Read the JSON in an item of a node."""
    try:
        call: dict[str, Any] = json.loads(item.findtext(JSON_IN_ITEM, ""))
        caller, customer = call["caller"], call["customer"] or {}
        times = (call[name] for name in ("entered", "offered", "answered", "ended"))
        return CallEvent(
            call["state"], call["id"], call["revision"], call["queue"], call["extension"],
            caller["number"], caller["name"], customer.get("code", ""), customer.get("name", ""),
            customer.get("attributes", {}), call["digits"], call["waiting"],
            *(time and datetime.fromisoformat(time) for time in times),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        log.warning("cannot read item %s", item.get("id"))
        return None
