"""Nodes: configured, purged, deleted, by their owners."""

from dataclasses import replace
from datetime import datetime

from component.pubsub.configuration import Configuration
from component.pubsub.creating import Creating, check_configuration
from component.pubsub.errors import NotAcceptableError, UnsupportedError
from component.pubsub.model import Node, NodeConfigured, NodeDeleted, NodePurged, Redirect
from component.pubsub.provision import Provisioning
from component.pubsub.rules import Request

MAX_REDIRECTS = 1_000
"""How many deleted nodes are remembered, the latest."""

MAX_URI = 2_000
"""Characters of where a node has gone."""


class Owning(Creating, Provisioning):
    """What owners do with whole nodes."""

    def owned(self, request: Request) -> Node:
        """Return a node of the actor's, for its configuration (§8.2). Raises `ForbiddenError`."""
        return self._owned(request)

    def configure(self, request: Request, config: Configuration) -> None:
        """Change the configuration of a node of the actor's (§8.2.4).

        Subscribers who have lost the right to the node are told, and subscribed no longer.

        Raises `ForbiddenError`, and what `check_configuration` raises.
        """
        old = self._owned(request)
        check_configuration(config, managed=old.managed)
        node = self._with_maximum(replace(old, config=config), old.config.max_items)
        # Whom to answer changes last. What waits says it by the old configuration, and is sent by
        # that, but only to those who keep the right to the node.
        as_before = replace(config, itemreply=old.config.itemreply)
        awaiting = self._awaiting(old)
        self._state.nodes.put(node.name, replace(node, config=as_before))
        self._settle(node, awaiting)
        self._contacts.settle(self._addresses.domain)
        if as_before != config:
            self._notices.digests.send_all(node.name)
            self._state.nodes.put(node.name, node)
        self._trim(node)
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
        self._notices.digests.drop_all(node.name)  # there is none of it any more
        if node.config.notifies_retractions:
            self._notices.tell_subscribers(node, NodePurged())

    def delete(self, request: Request, redirect: str | None, now: datetime) -> None:
        """Delete a node of the actor's (§8.4). An extension has a node always: its begins anew.

        Whoever asks for it later is told the redirection too, a URI, until there is a node of the
        same name, or `MAX_REDIRECTS` later ones.

        Raises `ForbiddenError`, `NotAcceptableError`.
        """
        node = self._owned(request)
        if redirect is not None and len(redirect) > MAX_URI:
            raise NotAcceptableError
        self._notices.digests.send_all(node.name)
        if node.config.notify_delete:
            self._notices.tell_all(node, NodeDeleted(redirect))
        self._state.remove(node.name)
        if node.managed:
            self._set_up(node.name)
        elif redirect is not None:
            self._state.redirects.put(node.name, Redirect(node.name, redirect, now))
            if len(self._state.redirects) > MAX_REDIRECTS:
                self._state.redirects.delete(next(iter(self._state.redirects)))
        self._contacts.settle(self._addresses.domain)
