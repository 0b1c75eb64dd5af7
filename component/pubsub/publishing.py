"""Items: published and retracted, by the service itself and by entities."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from component.pubsub.access import may_publish
from component.pubsub.addresses import bare
from component.pubsub.configuration import DEFAULT, Configuration, NodeFull
from component.pubsub.creating import MAX_NAME, Creating
from component.pubsub.errors import (
    ForbiddenError,
    InvalidPayloadError,
    ItemForbiddenError,
    ItemNotFoundError,
    ItemRequiredError,
    MaxItemsExceededError,
    NameTooLongError,
    NodeFullError,
    NodeNotFoundError,
    PayloadRequiredError,
    PayloadTooBigError,
    PreconditionError,
    UnsupportedError,
)
from component.pubsub.model import (
    Item,
    ItemPublished,
    ItemRetracted,
    Node,
    NodeChanged,
    Role,
)
from component.pubsub.rules import Request


@dataclass(frozen=True, slots=True)
class Draft:
    """An item that an entity publishes."""

    id: str | None
    """None lets the service choose (§7.1.1)."""
    payload: str = ""
    namespace: str = ""
    """That of the payload's root element."""


class Publishing(Creating):
    """What changes the items of a node."""

    def publish(
        self, node_name: str, item_id: str, payload: str, publisher: str, now: datetime
    ) -> None:
        """Publish an item on behalf of the service, in place of one with the same id (§7.1).

        The oldest items beyond the node's maximum go. Raises `NodeNotFoundError`.
        """
        self._publish(self._existing(node_name), Draft(item_id, payload), item_id, publisher, now)

    def retract(self, node_name: str, item_id: str) -> None:
        """Retract an item on behalf of the service; one that is gone already is no error.

        It is notified whatever the node says, as if with `notify` (§7.2.2.1): who was shown a call
        must learn that it is over.

        Raises `NodeNotFoundError`.
        """
        node = self._existing(node_name)
        kept = node.config.persist_items
        if not kept or (node.name, item_id) in self._state.items:
            self._state.items.delete((node.name, item_id))
            self._notices.tell_subscribers(node, ItemRetracted(item_id))

    def publish_for(
        self,
        request: Request,
        drafts: Sequence[Draft],
        options: Mapping[str, Any],
        new_id: Callable[[], str],
        now: datetime,
    ) -> list[str]:
        """Publish items of the actor's, all or none; return their ids (§7.1).

        `options` are attributes of the configuration with the values that they must have
        (§7.1.5); a node that is created on the occasion gets them.

        Raises what `create` raises, and `PreconditionError`, `ItemRequiredError`,
        `ItemForbiddenError`, `PayloadRequiredError`, `InvalidPayloadError`, `PayloadTooBigError`,
        `MaxItemsExceededError`, `NodeFullError`.
        """
        node, is_new = self._found_or_new(request, options)
        if not is_new and not self._publishes(request, node):
            raise ForbiddenError
        config = node.config
        if any(getattr(config, name) != value for name, value in options.items()):
            raise PreconditionError
        _check_drafts(drafts, config)
        self._check_space(node, drafts)
        if is_new:
            self._establish(node, request.account)
        if not drafts and config.deliver_notifications:
            self._notices.tell_subscribers(node, NodeChanged())
        ids = [draft.id or new_id() for draft in drafts]
        for draft, item_id in zip(drafts, ids, strict=True):
            self._publish(node, draft, item_id, request.account, now)
        return ids

    def retract_for(self, request: Request, ids: Sequence[str], notify: bool | None) -> None:
        """Retract items, all or none (§7.2). Owners may retract any, all who may publish their own.

        `notify` is whether subscribers are to be told; None leaves it to the configuration.

        Raises `ForbiddenError`, `ItemRequiredError`, `ItemNotFoundError`, `UnsupportedError`.
        """
        node = self.hosted(request)
        role = self._role(request, node)
        if not self._publishes(request, node):
            raise ForbiddenError
        if not node.config.persist_items:
            raise UnsupportedError("persistent-items")
        if not ids:
            raise ItemRequiredError
        for item_id in ids:
            item = self._state.items.get((node.name, item_id))
            if item is None:
                raise ItemNotFoundError
            if role is not Role.OWNER and bare(item.publisher) != request.account:
                raise ForbiddenError
        for item_id in dict.fromkeys(ids):
            self._state.items.delete((node.name, item_id))
            if node.config.notifies_retractions if notify is None else notify:
                self._notices.tell_subscribers(node, ItemRetracted(item_id))

    def _found_or_new(self, request: Request, options: Mapping[str, Any]) -> tuple[Node, bool]:
        """Return the node that is asked about, and whether it has yet to be created (§7.1.4)."""
        try:
            return self.hosted(request), False
        except NodeNotFoundError:
            if not self._policy.auto_create or request.node is None:
                raise
            return self._new(request, request.node, replace(DEFAULT, **options)), True

    def _publishes(self, request: Request, node: Node) -> bool:
        held = self._state.subscriptions_by(request.account, node.name)
        subscribed = any(subscription.active for subscription in held)
        role = self._role(request, node)
        return may_publish(node.config.publish_model, role, subscribed=subscribed)

    def _check_space(self, node: Node, drafts: Sequence[Draft]) -> None:
        """Raise an error if there are more items than the node keeps, or than it still takes."""
        config = node.config
        if not config.persist_items:
            return
        named = {draft.id for draft in drafts if draft.id is not None}
        unnamed = sum(draft.id is None for draft in drafts)
        if len(named) + unnamed > config.max_items:
            raise MaxItemsExceededError
        if config.publish_node_full is not NodeFull.REJECT:
            return
        kept = self._state.items_at.of(node.name)
        new = unnamed + sum((node.name, item_id) not in self._state.items for item_id in named)
        if new and len(kept) + new > config.max_items:
            raise NodeFullError

    def _publish(
        self, node: Node, draft: Draft, item_id: str, publisher: str, now: datetime
    ) -> None:
        item = Item(node.name, item_id, draft.payload, publisher, now, self._state.next_seq(now))
        config = node.config
        if config.persist_items:
            self._state.items.put((node.name, item_id), item)
        if config.deliver_notifications:
            event = ItemPublished(
                item,
                config.deliver_payloads,
                self.reply_to(node, publisher),
                is_kept=config.persist_items,
                names_publisher=config.names_publishers,
            )
            self._notices.tell_subscribers(node, event)
        self._trim(node)


def _check_drafts(drafts: Sequence[Draft], config: Configuration) -> None:
    if not drafts and config.persist_items:
        raise ItemRequiredError
    if not drafts and config.deliver_payloads:
        raise PayloadRequiredError
    for draft in drafts:
        _check_draft(draft, config)


def _check_draft(draft: Draft, config: Configuration) -> None:
    if not config.persist_items and not config.deliver_payloads:
        raise ItemForbiddenError
    if config.deliver_payloads and not draft.payload:
        raise PayloadRequiredError
    if draft.payload and config.type and draft.namespace != config.type:
        raise InvalidPayloadError
    if len(draft.payload.encode()) > config.max_payload_size:
        raise PayloadTooBigError
    if draft.id is not None and len(draft.id) > MAX_NAME:
        raise NameTooLongError
