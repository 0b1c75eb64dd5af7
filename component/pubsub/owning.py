"""Nodes: created, configured, purged, deleted, by those who may."""

from component.pubsub.addresses import PREFIX
from component.pubsub.configuration import MAX_ITEMS, MAX_PAYLOAD, Configuration
from component.pubsub.errors import (
    ForbiddenError,
    NameTooLongError,
    NodeExistsError,
    NotAcceptableError,
    NotAllowedError,
    UnsupportedError,
)
from component.pubsub.model import (
    Affiliation,
    Node,
    NodeConfigured,
    NodeDeleted,
    NodePurged,
    Role,
)
from component.pubsub.publishing import MAX_NAME
from component.pubsub.rules import Request, Rules


class Owning(Rules):
    """What owners do with whole nodes."""

    def create(self, request: Request, name: str, config: Configuration) -> Node:
        """Create a node that the actor owns (§8.1). Administrators may.

        Names that begin like those of extensions are the service's.

        Raises `ForbiddenError`, `NotAllowedError`, `NodeExistsError`, `NameTooLongError`,
        `NotAcceptableError`.
        """
        self.check_address(request.service)
        if not self._roles.is_admin(request.account):
            raise ForbiddenError
        if name in self._state.nodes:
            raise NodeExistsError
        if request.service != self._addresses.domain or name.startswith(PREFIX):
            raise NotAllowedError
        if len(name) > MAX_NAME:
            raise NameTooLongError
        _check(config)
        node = Node(name, managed=False, config=config)
        self._state.nodes.put(name, node)
        owner = Affiliation(name, request.account, Role.OWNER)
        self._state.affiliations.put((name, request.account), owner)
        return node

    def owned(self, request: Request) -> Node:
        """Return a node of the actor's, for its configuration (§8.2). Raises `ForbiddenError`."""
        return self._owned(request)

    def configure(self, request: Request, config: Configuration) -> None:
        """Change the configuration of a node of the actor's (§8.2.4).

        Subscribers who have lost the right to the node are told, and subscribed no longer. How
        many items a managed node keeps is the operator's choice.

        Raises `ForbiddenError`, `NotAllowedError`, `NotAcceptableError`.
        """
        old = self._owned(request)
        if old.managed and config.max_items != old.config.max_items:
            raise NotAllowedError
        _check(config)
        node = Node(old.name, old.managed, config)
        self._state.nodes.put(node.name, node)
        self._state.trim(node)
        self._settle(node)
        if config.notify_config:
            told = config if config.deliver_payloads else None
            self._notices.tell_subscribers(node, NodeConfigured(told))

    def purge(self, request: Request) -> None:
        """Retract all items of a node of the actor's (§8.5).

        Raises `ForbiddenError`, `UnsupportedError`.
        """
        node = self._owned(request)
        if not node.config.persist_items:
            raise UnsupportedError("persistent-items")
        self._state.empty(node.name)
        if node.config.notify_retract:
            self._notices.tell_subscribers(node, NodePurged())

    def delete(self, request: Request, redirect: str | None) -> None:
        """Delete a node of the actor's (§8.4); an extension's stays as long as the extension.

        Raises `ForbiddenError`, `NotAllowedError`.
        """
        node = self._owned(request)
        if node.managed:
            raise NotAllowedError
        if node.config.notify_delete:
            self._notices.tell_subscribers(node, NodeDeleted(redirect))
        self._state.remove(node.name)


def _check(config: Configuration) -> None:
    if not 1 <= config.max_items <= MAX_ITEMS:
        raise NotAcceptableError
    if not 1 <= config.max_payload_size <= MAX_PAYLOAD:
        raise NotAcceptableError
