"""The newest item, for those to whom it is new (§6.1.7, §12.2)."""

from collections.abc import Callable

from component.pubsub.addresses import Addresses, bare
from component.pubsub.audience import Resource
from component.pubsub.configuration import SendLast
from component.pubsub.model import LastItem, Node, Subscription, SubscriptionChanged
from component.pubsub.notices import Notices
from component.pubsub.state import State


class Reminders:
    """Sends it to new subscribers, and to software that comes online or gains access.

    `reply_to` is whom to answer about what somebody has published at a node.
    """

    def __init__(
        self,
        state: State,
        notices: Notices,
        addresses: Addresses,
        reply_to: Callable[[Node, str], tuple[str, ...]],
    ) -> None:
        self._state = state
        self._notices = notices
        self._addresses = addresses
        self._reply_to = reply_to

    def welcome(self, node: Node, subscription: Subscription) -> None:
        """Send it to a new subscriber, and the news of the subscriber to the owners."""
        self._notices.tell_owners(SubscriptionChanged(subscription))
        is_wanted = node.config.send_last_published_item is not SendLast.NEVER
        last = self._last(node)
        if is_wanted and last is not None and self._notices.is_told_now(node, subscription):
            self._notices.tell_subscriber(node, subscription, last)

    def arrived(self, service: str, resource: Resource) -> None:
        """Send that of each node that this resource is subscribed to."""
        held: dict[str, list[Subscription]] = {}
        for s in self._state.subscriptions_of.of(bare(resource.jid)):
            if s.service == service and s.active and resource.hears(s.jid):
                held.setdefault(s.node, []).append(s)
        for name, several in held.items():
            willing = [s for s in several if s.deliver and resource.is_as_wanted(s.show_values)]
            if willing:
                subids = tuple(s.subid for s in willing) if len(several) > 1 else ()
                with_body = any(s.include_body for s in willing)
                node = self._state.nodes[name]
                self._remind(node, service, resource, subids, with_body=with_body)

    def interested(self, service: str, resource: Resource, before: Resource | None) -> None:
        """Send it to one who wants the account's node, and did not before, or was not let."""
        node = self._state.node_of_account(self._addresses.account(service))
        if node is None or not node.config.subscribe or not resource.is_interested_in(node):
            return
        if before is not None and before.is_interested_in(node):
            return
        if not self._notices.reaches(node, resource):
            self._remind(node, service, resource)

    def _remind(
        self,
        node: Node,
        service: str,
        resource: Resource,
        subids: tuple[str, ...] = (),
        *,
        with_body: bool = False,
    ) -> None:
        last, when = self._last(node), node.config.send_last_published_item
        if last is not None and when is SendLast.ON_SUBSCRIBING_AND_PRESENCE:
            to = (resource.jid,)
            self._notices.tell_resources(node, service, to, last, subids, with_body=with_body)

    def _last(self, node: Node) -> LastItem | None:
        """Return the newest item of a node, None if there is none or nothing is notified."""
        items, config = self._state.items_at.of(node.name), node.config
        if not items or not config.deliver_notifications:
            return None
        newest = items[-1]
        reply_to = self._reply_to(node, newest.publisher)
        return LastItem(newest, config.deliver_payloads, reply_to, config.names_publishers)
