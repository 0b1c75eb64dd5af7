"""Who may see an address's presence: whoever may subscribe to a node there without approval.

Whose own presence counts there is another matter: of all who may subscribe, if only after approval.
"""

from collections.abc import Iterable
from dataclasses import replace

from component.pubsub.access import Action, needs_approval, permits
from component.pubsub.addresses import Addresses, bare
from component.pubsub.configuration import AccessModel
from component.pubsub.model import Node
from component.pubsub.notices import Notices
from component.pubsub.presence import OFFLINE, Contact, PresenceType
from component.pubsub.reminding import Reminders
from component.pubsub.roles import Roles
from component.pubsub.state import State


class Contacts:
    """The presence subscriptions to our addresses, kept to those who have the right."""

    def __init__(
        self,
        state: State,
        roles: Roles,
        notices: Notices,
        addresses: Addresses,
        reminders: Reminders,
    ) -> None:
        self._state = state
        self._roles = roles
        self._notices = notices
        self._addresses = addresses
        self._reminders = reminders

    def may_see(self, account: str, service: str) -> bool:
        """Tell whether an account, a bare JID, may see the presence of an address."""
        return any(self._lets_in(node, account) for node in self._nodes_at(service, account))

    def may_hear(self, account: str, service: str) -> bool:
        """Tell whether an account may be notified by an address without subscribing to a node."""
        return self._is_near(account, service) and self.may_see(account, service)

    def may_attend(self, account: str, service: str) -> bool:
        """Tell whether the presence of an account counts at an address.

        An owner may have let in one who may not see the address's presence; and what is wanted for
        a certain presence is to be delivered then.
        """
        return self._is_near(account, service) and any(
            permits(_model(node), self._roles.of(account, node), Action.SUBSCRIBE)
            for node in self._nodes_at(service, account)
        )

    def includes(self, account: str, node: Node) -> bool:
        """Tell whether an account sees the presence of the address of an extension's node."""
        return node.managed and (self._addresses.of(node.name), account) in self._state.contacts

    def settle(self, service: str) -> None:
        """End the presence subscriptions of those who have lost the right; they are told.

        Software of those who have gained the right to hear gets what it wants from now on.
        """
        for contact in list(self._state.contacts_at.of(service)):
            if not self.may_see(contact.jid, service):
                self.end(contact)
        for resource in list(self._state.audience.at(service)):
            account = bare(resource.jid)
            may_hear = self.may_hear(account, service)
            if not self.may_attend(account, service):
                self._state.audience.drop(service, resource.jid)
            elif may_hear is not resource.may_hear:
                changed = replace(resource, may_hear=may_hear)
                self._state.audience.put(service, changed)
                self._reminders.interested(service, changed, resource)

    def end(self, contact: Contact) -> None:
        """End a presence subscription, in both directions (RFC 6121 §3.2 and §3.3)."""
        self._state.contacts.delete((contact.service, contact.jid))
        self._state.audience.drop(contact.service, contact.jid)
        for said in (OFFLINE, PresenceType.UNSUBSCRIBED, PresenceType.UNSUBSCRIBE):
            self._notices.show(contact.service, (contact.jid,), said)

    def _nodes_at(self, service: str, account: str) -> Iterable[Node]:
        """Return the nodes at an address that may concern an account."""
        if service == self._addresses.domain:
            return self._roles.some_concerning(account)
        node = self._state.node_of_account(self._addresses.account(service))
        return () if node is None else (node,)

    def _is_near(self, account: str, service: str) -> bool:
        """Tell whether an account is a contact of an address, if that is for contacts alone."""
        node = self._state.node_of_account(self._addresses.account(service))
        is_for_contacts = node is not None and node.config.access_model is AccessModel.PRESENCE
        return not is_for_contacts or (service, account) in self._state.contacts

    def _lets_in(self, node: Node, account: str) -> bool:
        model, role = _model(node), self._roles.of(account, node)
        return permits(model, role, Action.SUBSCRIBE) and not needs_approval(model, role)


def _model(node: Node) -> AccessModel:
    """Return who may come to a node: who may become a contact, where it is for contacts."""
    model = node.config.access_model
    return AccessModel.WHITELIST if model is AccessModel.PRESENCE else model
