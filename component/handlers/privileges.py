"""What a server lets us do besides, as it tells when we connect (XEP-0355, XEP-0356).

Only presence is made use of, and needs no asking: a server that grants it sends the presence of its
users to our domain, where it counts like any other
(docs/decisions/0025-privileges-are-not-required.md).
"""

from xml.etree import ElementTree as ET

import structlog

from component.handlers.stanza import qualified

log = structlog.get_logger(__name__)

PRIVILEGE = ("urn:xmpp:privilege:1", "urn:xmpp:privilege:2")
DELEGATION = ("urn:xmpp:delegation:1", "urn:xmpp:delegation:2")


def take_grant(message: ET.Element) -> bool:
    """Take note of what a server grants with a message; tell whether it is one of that kind."""
    server = message.get("from", "")
    if not {"@", "/"}.isdisjoint(server):
        return False
    granted = {
        perm.get("access", ""): perm.get("type", "")
        for namespace in PRIVILEGE
        for perm in message.iterfind(f"{qualified(namespace, 'privilege')}/*")
    }
    delegated = [
        found.get("namespace", "")
        for namespace in DELEGATION
        for found in message.iterfind(f"{qualified(namespace, 'delegation')}/*")
    ]
    if granted:
        log.info("server grants privileges", server=server, privileges=granted)
    if delegated:
        log.info("server delegates what is not used", server=server, namespaces=delegated)
    return bool(granted or delegated)
