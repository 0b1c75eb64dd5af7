"""Users' software comes, goes, and is notified of what it wants (XEP-0060 §9.1, XEP-0163 §4)."""

from dataclasses import replace
from datetime import datetime, timedelta

from component.pubsub.addresses import bare
from component.pubsub.audience import Resource
from component.pubsub.crowd import Limit
from component.pubsub.model import Node
from component.pubsub.rules import Rules

MAX_RESOURCES = 100
"""Of one account, at one address: somebody else's server may invent as many as it likes."""

SETTLING = timedelta(seconds=30)
"""How long those who are asked for their presence after a reconnect may take to answer."""


class Attending(Rules):
    """What presence of users means for the notifications from an address."""

    def arrive(self, service: str, resource: Resource) -> bool:
        """Take note of available presence at an address; tell whether the wants must be asked for.

        It need not come from a contact: directed presence counts as well. It counts only from
        those who may subscribe, though, and what they want only from those who might be contacts;
        both from contacts alone where the node is for them alone. What an account has online
        beyond `MAX_RESOURCES` does not count, nor what the crowd has at an address that is for all
        beyond the limits of the policy.
        """
        account = bare(resource.jid)
        if not self._contacts.may_attend(account, service):
            return False
        resource = replace(resource, may_hear=self._contacts.may_hear(account, service))
        before = self._state.audience.get(service, resource.jid)
        if before is None and not self._has_room(service, account):
            return False
        is_same = before is not None and before.caps == resource.caps
        if before is not None and is_same and resource.wants is None:
            resource = replace(resource, wants=before.wants)
        self._state.audience.put(service, resource)
        if before is None:
            self._reminders.arrived(service, resource)
        self._reminders.interested(service, resource, before)
        return resource.wants is None and not is_same

    def _has_room(self, service: str, account: str) -> bool:
        if len(self._state.audience.of(service, account)) >= MAX_RESOURCES:
            self._state.attendance.refuse(Limit.ACCOUNT)
            return False
        if not self._is_stranger(account, service):
            return True
        return self._state.attendance.has_room(account, self._policy.limits)

    def learn(self, service: str, jid: str, caps: str, wants: frozenset[str]) -> None:
        """Take note of what software with these capabilities wants, if it still is there."""
        before = self._state.audience.get(service, jid)
        if before is not None and before.caps == caps:
            resource = replace(before, wants=wants)
            self._state.audience.put(service, resource)
            self._reminders.interested(service, resource, before)

    def leave(self, service: str, jid: str) -> None:
        """Take note that a full JID, or all of an account, is no longer available.

        What is sent to a full JID that is gone is lost, and no server says so. Its subscriptions
        at this address end; also if it went while the connection was away, and a contact's server
        says then that nobody is there. With the last of an account goes what was to go with its
        presence; but just after a reconnect another may be there that was not heard of yet, so that
        waits.
        """
        account = bare(jid)
        all_seen = (service, account) in self._state.contacts  # else some may be who are not
        self._state.audience.drop(service, jid)
        for subscription in list(self._state.subscriptions_of.of(account)):
            is_gone = jid == subscription.jid or (jid == account and all_seen)
            if is_gone and subscription.jid != account and subscription.service == service:
                self._drop(subscription)
        if self._state.is_settled:
            self._look_after(service, account)
        else:
            self._state.doubtful.put((service, account), self._state.now)

    def settle_presence(self) -> None:
        """Do what had to wait until it was known who is online, if it is known now."""
        if self._state.is_settled:
            for service, account in list(self._state.doubtful):
                self._state.doubtful.delete((service, account))
                self._look_after(service, account)

    def _look_after(self, service: str, account: str) -> None:
        """End and retract what was to go with the presence of an account that is gone."""
        there = self._state.audience.of(service, account)
        for s in list(self._state.subscriptions_of.of(account)):
            is_gone = s.service == service and not any(s.jid in (r.jid, account) for r in there)
            if is_gone and (s.until_offline or self._existing(s.node).config.tempsub):
                self._drop(s)
        if not there:
            self._take_away(service, account)

    def _take_away(self, service: str, publisher: str) -> None:
        """Retract what somebody has published who is offline now (pubsub#purge_offline)."""
        for name in sorted(self._state.volatile_nodes):
            node = self._existing(name)
            if not self._is_at(service, node):
                continue
            items = [i for i in self._state.items_at.of(name) if i.publisher == publisher]
            for item in items:
                self._state.items.delete((name, item.id))
            if node.config.notifies_retractions:
                self._notices.tell_retracted(node, items)

    def _is_at(self, service: str, node: Node) -> bool:
        """Tell whether this is where presence counts for a node: an extension's has its own."""
        home = self._addresses.of(node.name) if node.managed else self._addresses.domain
        return service == home

    def lose_sight(self, service: str, account: str) -> None:
        """Take note that an account no longer shows its presence: who is there is unknown."""
        self._state.audience.drop(service, account)

    def forget_audience(self, now: datetime) -> None:
        """Take note that the connection was away: who is there is unknown, and asked for now."""
        self._state.audience.clear()
        self._state.now = now
        self._state.settled_at = now + SETTLING
