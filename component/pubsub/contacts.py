"""Who may see an address's presence: whoever may subscribe to a node there without approval."""

from component.pubsub.access import Action, needs_approval, permits
from component.pubsub.addresses import Addresses, bare
from component.pubsub.configuration import AccessModel
from component.pubsub.model import Node
from component.pubsub.notices import Notices
from component.pubsub.presence import OFFLINE, Contact, PresenceType
from component.pubsub.roles import Roles
from component.pubsub.state import State


class Contacts:
    """The presence subscriptions to our addresses, kept to those who have the right."""

    def __init__(self, state: State, roles: Roles, notices: Notices, addresses: Addresses) -> None:
        self._state = state
        self._roles = roles
        self._notices = notices
        self._addresses = addresses

    def may_see(self, account: str, service: str) -> bool:
        """Tell whether an account, a bare JID, may see the presence of an address."""
        if service == self._addresses.domain:
            return any(self._lets_in(n, account) for n in self._roles.nodes_concerning(account))
        node = self._state.node_of_account(self._addresses.account(service))
        return node is not None and self._lets_in(node, account)

    def may_hear(self, account: str, service: str) -> bool:
        """Tell whether an account may be notified by an address without subscribing to a node."""
        node = self._state.node_of_account(self._addresses.account(service))
        if node is not None and node.config.access_model is AccessModel.PRESENCE:
            return self.includes(account, node) and self.may_see(account, service)
        return self.may_see(account, service)

    def includes(self, account: str, node: Node) -> bool:
        """Tell whether an account sees the presence of the address of an extension's node."""
        return node.managed and (self._addresses.of(node.name), account) in self._state.contacts

    def settle(self, service: str) -> None:
        """End the presence subscriptions of those who have lost the right; they are told."""
        for contact in list(self._state.contacts_at.of(service)):
            if not self.may_see(contact.jid, service):
                self.end(contact)
        for resource in list(self._state.audience.at(service)):
            if not self.may_hear(bare(resource.jid), service):
                self._state.audience.drop(service, resource.jid)

    def end(self, contact: Contact) -> None:
        """End a presence subscription, in both directions (RFC 6121 §3.2 and §3.3)."""
        self._state.contacts.delete((contact.service, contact.jid))
        self._state.audience.drop(contact.service, contact.jid)
        for said in (OFFLINE, PresenceType.UNSUBSCRIBED, PresenceType.UNSUBSCRIBE):
            self._notices.show(contact.service, (contact.jid,), said)

    def _lets_in(self, node: Node, account: str) -> bool:
        model, role = node.config.access_model, self._roles.of(account, node)
        if model is AccessModel.PRESENCE:
            model = AccessModel.WHITELIST  # of those who may become contacts
        return permits(model, role, Action.SUBSCRIBE) and not needs_approval(model, role)
