"""Whom the configuration names, and for what."""

from component.config import Config
from component.operations.rights import Staff
from component.pubsub.model import Role


def privileged(config: Config) -> dict[str, Role]:
    """Return who may see every extension's node, and who may administer it."""
    xmpp = config.xmpp
    return {
        **dict.fromkeys((*xmpp.supervisors, *xmpp.services), Role.MEMBER),
        **dict.fromkeys(xmpp.admins, Role.OWNER),
    }


def staff(config: Config) -> Staff:
    """Return who may ask for operations, besides agents."""
    xmpp = config.xmpp
    return Staff(xmpp.domain, frozenset(xmpp.supervisors), frozenset(xmpp.admins))


def reappoint(staff: Staff, config: Config) -> None:
    """Let those be the staff whom the configuration names now."""
    staff.supervisors = frozenset(config.xmpp.supervisors)
    staff.administrators = frozenset(config.xmpp.admins)
