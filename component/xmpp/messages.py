"""Messages as they are written to the stream; what is the same for all recipients is made once."""

from collections.abc import Iterator
from functools import lru_cache

from component.handlers.namespaces import ADDRESS
from component.markup import MAX_STANZA, attribute, element, flaw
from component.ports import Outgoing
from component.pubsub.addresses import bare
from component.xmpp.blanks import blanks_after
from component.xmpp.multicast import Multicast

ADDRESSES = 16 * 1024
"""Bytes of addresses in one message, about. With `MAX_STANZA` it is still a stanza that servers
take; and the first of many recipients does not wait until the addresses of all were read."""

BLOCK = 64 * 1024
"""Bytes of a message to many that are made at once, about: as many as are written at once."""

_BEGIN, _END = f"<addresses xmlns='{ADDRESS}'>", "</addresses>"


def fault(message: Outgoing, domain: str) -> str | None:
    """Return why the server would end the stream over this message, None if it would not."""
    if bare(message.sender).rpartition("@")[2] != domain:
        return f"{message.sender} is not an address of {domain}"
    found = flaw(message.body)
    if found is None and len(message.body.encode()) > MAX_STANZA:
        return "it is larger than a stanza may be"
    return found


def singly(message: Outgoing) -> Iterator[bytes]:
    """Yield a message once for each recipient, some at a time; only the address differs."""
    head, tail = _head(message), f"'>{message.body}</message>{_blanks(message)}".encode()
    between = tail + head
    addresses = _escaped(message.recipients)
    count = BLOCK // len(between) + 1
    for begin in range(0, len(addresses), count):
        yield head + between.join(addresses[begin : begin + count]) + tail


def together(message: Outgoing, multicast: Multicast) -> Iterator[bytes]:
    """Yield a message for as many recipients at once as the service takes.

    The service passes it on without these addresses, as they are of the kind that nobody is shown.
    Where the message says at its beginning whom to answer, that goes with them: a message has one
    list of addresses.
    """
    head = _head(message) + attribute(multicast.address).encode()
    own, rest = "", message.body
    if rest.startswith(_BEGIN):
        own, _, rest = rest.removeprefix(_BEGIN).partition(_END)
    begin = f"'>{_BEGIN}{own}".encode()
    tail = f"{_END}{rest}</message>{_blanks(message)}".encode()
    for addresses in _portions(message.recipients, multicast.limit):
        yield b"".join((head, begin, addresses, tail))


def _head(message: Outgoing) -> bytes:
    """Return the beginning, up to the address."""
    # The id is the same whenever it is sent: who gets it again after a reconnect knows it by that.
    return (
        f"<message type='{attribute(message.type)}' id='{message.seq}'"
        f" from='{attribute(message.sender)}' to='"
    ).encode()


def _blanks(message: Outgoing) -> str:
    """Return what is written after each copy."""
    return blanks_after(f"<message to='{_longest(message.recipients)}'>{message.body}")


# A node that is often published to has the same subscribers each time.
@lru_cache(maxsize=16)
def _escaped(recipients: tuple[str, ...]) -> list[bytes]:
    return [attribute(recipient).encode() for recipient in recipients]


@lru_cache(maxsize=16)
def _longest(recipients: tuple[str, ...]) -> str:
    return max(map(attribute, recipients), key=len, default="")


@lru_cache(maxsize=16)
def _portions(recipients: tuple[str, ...], limit: int) -> list[bytes]:
    return [b"".join(portion) for portion in _divided(recipients, limit)]


def _divided(recipients: tuple[str, ...], limit: int) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    size = 0
    for recipient in recipients:
        address = element("address", {"type": "bcc", "jid": recipient}).encode()
        if portion and (len(portion) == limit or size + len(address) > ADDRESSES):
            yield portion
            portion, size = [], 0
        portion.append(address)
        size += len(address)
    if portion:
        yield portion
