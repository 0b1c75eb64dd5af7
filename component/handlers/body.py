"""What an item says, in a sentence for people (pubsub#include_body)."""

from xml.etree import ElementTree as ET

from component.payloads import CALL_NAMESPACE

_CALL = f"{{{CALL_NAMESPACE}}}"
_TITLE = "{http://www.w3.org/2005/Atom}title"

MAX_SAID = 200
"""Characters of each thing in a payload that are repeated."""


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
    title = payload.findtext(_TITLE, "")[:MAX_SAID].strip()
    return f"{new}, {title}" if title else new


def _call(call: ET.Element) -> str:
    customer = call.find(f"{_CALL}customer")
    who = _said(call.find(f"{_CALL}caller"), "number") or "unknown number"
    if customer is not None:
        who = f"{_said(customer, 'name')} ({_said(customer, 'code')}), {who}"
    state, extension, queue = (_said(call, name) for name in ("state", "extension", "queue"))
    return f"Call {state} at {extension}, queue {queue}: {who}"


def _said(element: ET.Element | None, name: str) -> str:
    """Return an attribute, as anybody may have published it."""
    return "" if element is None else element.get(name, "")[:MAX_SAID]
