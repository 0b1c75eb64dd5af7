"""Our addresses as contacts: whoever may subscribe there sees their presence (RFC 6121 §3, §4)."""

from datetime import datetime

from component.pubsub.errors import ForbiddenError
from component.pubsub.presence import (
    OFFLINE,
    ONLINE,
    Contact,
    Presence,
    PresenceNotice,
    PresenceType,
)
from component.pubsub.rules import Request, Rules


class Contacting(Rules):
    """Presence subscriptions to our addresses, and what is shown there."""

    def add_contact(self, request: Request, now: datetime) -> None:
        """Let the actor's account see the presence of an address (RFC 6121 §3.1).

        In return the address asks to see the account's, as gateways do: what of its software is
        online, and what that wants to be notified of, a component can learn in no other way.

        Raises `ForbiddenError`, `TooManySubscriptionsError`, `FullError`.
        """
        self.check_address(request.service)
        if not self._contacts.may_see(request.account, request.service):
            raise ForbiddenError
        key = (request.service, request.account)
        if key not in self._state.contacts:
            if self._is_stranger(request.account, request.service):
                self._state.visitors.check(request.account, self._policy.limits)
            self._state.contacts.put(key, Contact(*key, now))
        shown = self._presence_at(request.service)
        for said in (PresenceType.SUBSCRIBED, shown, PresenceType.SUBSCRIBE):
            self._notices.show(request.service, (request.account,), said)

    def remove_contact(self, request: Request) -> None:
        """Let the actor's account no longer see the presence of an address (RFC 6121 §3.3).

        One that does not see it is no error.
        """
        contact = self._state.contacts.get((request.service, request.account))
        if contact is not None:
            self._contacts.end(contact)
            self._settle_account(request.service)

    def lose_contact(self, request: Request) -> None:
        """Forget an account that does not exist any more, as its server says."""
        self._state.contacts.delete((request.service, request.account))
        self._state.audience.drop(request.service, request.account)
        self._settle_account(request.service)

    def probe(self, request: Request, probe: str | None = None) -> None:
        """Tell the actor the presence of an address (RFC 6121 §4.3.2). Raises `ForbiddenError`.

        That nobody is available is said under the id of the `probe`.
        """
        self.check_contact(request)
        shown = self._presence_at(request.service)
        answered = None if shown.available else probe
        self._notices.show(request.service, (request.actor,), shown, answered)

    def check_contact(self, request: Request) -> None:
        """Raise `ForbiddenError` unless the actor's account sees the presence of an address."""
        if (request.service, request.account) not in self._state.contacts:
            raise ForbiddenError

    def show(self, service: str, presence: Presence) -> None:
        """Set the presence of an extension's address; its contacts are told if it is another."""
        if presence == self._presence_at(service):
            return
        if presence == OFFLINE:
            self._state.presences.delete(service)
        else:
            self._state.presences.put(service, presence)
        self._notices.show(service, self._contacts_at(service), presence)

    def load_presence(self, service: str, presence: Presence) -> None:
        """Set the presence of an extension's address before anybody sees it."""
        if presence != OFFLINE:
            self._state.presences.load(service, presence)

    def shown(self) -> list[PresenceNotice]:
        """Return what all contacts are to know when they could not be told for a while.

        With it goes the question how they are themselves (RFC 6121 §4.3).
        """
        return [
            PresenceNotice(service, self._contacts_at(service), said)
            for service in self._services_with_contacts()
            for said in (self._presence_at(service), PresenceType.PROBE)
        ]

    def farewell(self) -> list[PresenceNotice]:
        """Return what contacts are to know when the service stops."""
        return [
            PresenceNotice(service, self._contacts_at(service), OFFLINE)
            for service in self._services_with_contacts()
            if self._presence_at(service).available
        ]

    def take_presences(self) -> list[PresenceNotice]:
        """Return what contacts must be told since this was last called."""
        return self._notices.take_presences()

    def _settle_account(self, service: str) -> None:
        """End subscriptions that were for contacts only."""
        node = self._account(service)
        if node is not None:
            self._settle(node)

    def _presence_at(self, service: str) -> Presence:
        if service == self._addresses.domain:
            return ONLINE
        return self._state.presences.get(service) or OFFLINE

    def _contacts_at(self, service: str) -> tuple[str, ...]:
        return tuple(contact.jid for contact in self._state.contacts_at.of(service))

    def _services_with_contacts(self) -> list[str]:
        return list(dict.fromkeys(contact.service for contact in self._state.contacts.values()))
