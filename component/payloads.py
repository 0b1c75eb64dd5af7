"""What a subscriber receives about a call, and the message that announces it to members.

The payload is one `<call/>` element in the namespace `urn:ivr-pubsub:call:1`, described by
`docs/payload.xsd`. It carries the same as JSON in a XEP-0335 container, for software that would
rather not parse XML.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from component.domain.kept_place import Callback
from component.domain.model import Call, Transfer
from component.domain.words import CallState
from component.markup import NOTHING, Markup, element, text

CALL_NAMESPACE = "urn:ivr-pubsub:call:1"
JSON_NAMESPACE = "urn:xmpp:json:0"


def call_xml(call: Call, extension: str) -> Markup:
    """Return the payload of a call's item in the node of an extension."""
    offered = call.offered_at(extension)
    attributes = {
        "id": call.id,
        "revision": str(call.revision),
        "state": _state(call),
        "queue": call.queue,
        "extension": extension,
        "entered": timestamp(call.entered_at),
        "offered": timestamp(offered),
        "answered": timestamp(call.answered_at),
        "ended": timestamp(call.ended_at),
        "waiting": _waited(call, offered),
    }
    data = orjson.dumps(_call_json(call, attributes)).decode()
    return element(
        "call",
        {"xmlns": CALL_NAMESPACE, **attributes},
        element("caller", {"number": call.caller.number, "name": call.caller.name}),
        _customer_xml(call),
        element("digits", {}, text(call.digits)),
        *(_transfer_xml(transfer) for transfer in call.transfers),
        NOTHING if call.callback is None else element("callback", _callback(call.callback)),
        element("json", {"xmlns": JSON_NAMESPACE}, text(data)),
    )


def announcement_xml(call: Call, *, personal: bool) -> Markup:
    """Return the children of the message that tells a member that somebody waits, and who."""
    if not personal:
        return element("body", {}, text(f"Call waiting in {call.queue}"))
    who = call.caller.number or "unknown number"
    if call.customer is not None:
        who = f"{call.customer.name} ({call.customer.code}), {who}"
    return element("body", {}, text(f"Call waiting in {call.queue}: {who}"))


def timestamp(moment: datetime | None) -> str | None:
    """Format a moment as XEP-0082 does, in UTC with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _call_json(call: Call, attributes: Mapping[str, str | None]) -> dict[str, object]:
    """Return the same as JSON, where numbers are numbers."""
    customer = call.customer
    return {
        **attributes,
        "revision": call.revision,
        "waiting": float(attributes["waiting"] or 0),
        "caller": {"number": call.caller.number, "name": call.caller.name},
        "customer": customer
        and {
            "id": customer.id,
            "code": customer.code,
            "name": customer.name,
            "attributes": dict(customer.attributes),
        },
        "digits": call.digits,
        "transfers": [_transfer_attributes(transfer) for transfer in call.transfers],
        "callback": call.callback and _callback(call.callback),
    }


def _state(call: Call) -> str:
    """Return the state as subscribers know it: to them nothing is between offer and talk."""
    return CallState.OFFERED if call.state is CallState.CONNECTING else call.state


def _transfer_xml(transfer: Transfer) -> Markup:
    return element("transfer", _transfer_attributes(transfer))


def _transfer_attributes(transfer: Transfer) -> dict[str, str | None]:
    return {
        "from": transfer.extension,
        "at": timestamp(transfer.at),
        "kind": "attended" if transfer.attended else "blind",
    }


def _callback(callback: Callback) -> dict[str, str | None]:
    return {"number": callback.number, "asked": timestamp(callback.asked_at)}


def _customer_xml(call: Call) -> Markup:
    customer = call.customer
    if customer is None:
        return NOTHING
    attributes = (
        element("attribute", {"name": name}, text(value))
        for name, value in customer.attributes.items()
    )
    identity = {"id": str(customer.id), "code": customer.code, "name": customer.name}
    return element("customer", identity, *attributes)


def _waited(call: Call, offered: datetime | None) -> str:
    """Return the seconds from entering the queue to this offer."""
    until = offered or call.entered_at
    return f"{(until - call.entered_at).total_seconds():.3f}"
