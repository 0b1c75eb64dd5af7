"""What an item says, in a sentence for people (pubsub#include_body)."""

from xml.etree import ElementTree as ET

from component.payloads import CALL_NAMESPACE

_CALL = f"{{{CALL_NAMESPACE}}}"
_TITLE = "{http://www.w3.org/2005/Atom}title"

MAX_TITLE = 200
"""Characters of a title that are repeated."""


def in_words(node: str, item_id: str, xml: str) -> str:
    """Return a sentence about an item; of its payload only if that is delivered too."""
    new = f"New in {node}: {item_id}"
    if not xml:
        return new
    try:
        payload = ET.fromstring(xml)  # noqa: S314 - it was an element of a stream
    except ET.ParseError:
        return new
    if payload.tag == f"{_CALL}call":
        return _call(payload)
    title = payload.findtext(_TITLE, "")[:MAX_TITLE].strip()
    return f"{new}, {title}" if title else new


def _call(call: ET.Element) -> str:
    caller, customer = call.find(f"{_CALL}caller"), call.find(f"{_CALL}customer")
    who = caller.get("number", "") if caller is not None else ""
    who = who or "unknown number"
    if customer is not None:
        who = f"{customer.get('name')} ({customer.get('code')}), {who}"
    return f"Call {call.get('state')} at {call.get('extension')}, queue {call.get('queue')}: {who}"
