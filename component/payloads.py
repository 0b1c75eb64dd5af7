"""What a subscriber receives about a call, and the message that announces it to members.

The payload is one `<call/>` element in the namespace `urn:ivr-pubsub:call:1`, described by
`docs/payload.xsd`. It carries the same as JSON in a XEP-0335 container, for software that would
rather not parse XML.
"""

import json
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from component.domain.model import Call

CALL_NAMESPACE = "urn:ivr-pubsub:call:1"
JSON_NAMESPACE = "urn:xmpp:json:0"


def call_xml(call: Call, extension: str) -> str:
    """Return the payload of a call's item in the node of an extension."""
    attributes = {
        "id": call.id,
        "revision": str(call.revision),
        "state": call.state.value,
        "queue": call.queue,
        "extension": extension,
        "entered": timestamp(call.entered_at),
        "offered": timestamp(call.offered_at),
        "answered": timestamp(call.answered_at),
        "ended": timestamp(call.ended_at),
        "waiting": _waited(call),
    }
    written = "".join(
        f" {name}={_attribute(value)}" for name, value in attributes.items() if value is not None
    )
    data = json.dumps(_call_json(call, extension), ensure_ascii=False, separators=(",", ":"))
    return (
        f'<call xmlns="{CALL_NAMESPACE}"{written}>'
        f"<caller number={_attribute(call.caller.number)} name={_attribute(call.caller.name)}/>"
        f"{_customer_xml(call)}"
        f"<digits>{_text(call.digits)}</digits>"
        f'<json xmlns="{JSON_NAMESPACE}">{_text(data)}</json>'
        "</call>"
    )


def announcement_xml(call: Call) -> str:
    """Return the children of the message that tells a member who is waiting."""
    who = call.caller.number or "unknown number"
    if call.customer is not None:
        who = f"{call.customer.name} ({call.customer.code}), {who}"
    return f"<body>{_text(f'Call waiting in {call.queue}: {who}')}</body>"


def timestamp(moment: datetime | None) -> str | None:
    """Format a moment as XEP-0082 does, in UTC with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _call_json(call: Call, extension: str) -> dict[str, object]:
    customer = call.customer
    return {
        "id": call.id,
        "revision": call.revision,
        "state": call.state.value,
        "queue": call.queue,
        "extension": extension,
        "entered": timestamp(call.entered_at),
        "offered": timestamp(call.offered_at),
        "answered": timestamp(call.answered_at),
        "ended": timestamp(call.ended_at),
        "waiting": float(_waited(call)),
        "caller": {"number": call.caller.number, "name": call.caller.name},
        "customer": customer
        and {
            "id": customer.id,
            "code": customer.code,
            "name": customer.name,
            "attributes": dict(customer.attributes),
        },
        "digits": call.digits,
    }


def _customer_xml(call: Call) -> str:
    customer = call.customer
    if customer is None:
        return ""
    attributes = "".join(
        f"<attribute name={_attribute(name)}>{_text(value)}</attribute>"
        for name, value in customer.attributes.items()
    )
    return (
        f'<customer id="{customer.id}" code={_attribute(customer.code)}'
        f" name={_attribute(customer.name)}>{attributes}</customer>"
    )


def _waited(call: Call) -> str:
    """Return the seconds from entering the queue to this offer."""
    until = call.offered_at or call.entered_at
    return f"{(until - call.entered_at).total_seconds():.3f}"


def _attribute(value: str) -> str:
    return quoteattr(_xml_characters(value))


def _text(value: str) -> str:
    return escape(_xml_characters(value))


def _xml_characters(value: str) -> str:
    """Replace what XML 1.0 cannot carry: a single such character would end the whole stream."""
    return "".join(c if _is_xml_character(ord(c)) else "\N{REPLACEMENT CHARACTER}" for c in value)


def _is_xml_character(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
