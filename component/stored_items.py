"""Items whose payloads only the store has: read when somebody is to see them.

A payload is in memory while its publication is one of the last. What is committed is written from
there, so the store is only asked for what is older: by who retrieves it, and for the newest item
of a node that a new subscriber is sent.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from component.ports import Store
from component.pubsub.model import InStore, Item, LastItem, Notification
from component.pubsub.service import PubSub

log = structlog.get_logger(__name__)


class StoredItems:
    """Makes items whole."""

    def __init__(self, pubsub: PubSub, store: Store) -> None:
        self._pubsub = pubsub
        self._store = store

    async def whole(self, items: Sequence[Item]) -> list[Item]:
        """Return the items with their payloads.

        What was replaced or deleted meanwhile is left out. Raises `StoreUnavailableError`.
        """
        keys = [(item.node, item.id) for item in items if isinstance(item.payload, InStore)]
        if not keys:
            return list(items)
        stored = {item.seq: item for item in await self._store.read_items(keys)}
        found = (stored.get(i.seq) if isinstance(i.payload, InStore) else i for i in items)
        return [item for item in found if item is not None]

    async def complete(self, notifications: list[Notification]) -> None:
        """Give notifications of newest items their payloads. Raises `StoreUnavailableError`."""
        lacking = [newest.item for n in notifications if (newest := _lacking(n)) is not None]
        if not lacking:
            return
        whole = {item.seq: item for item in await self.whole(lacking)}
        completed = []
        for notification in notifications:
            newest = _lacking(notification)
            if newest is None:
                completed.append(notification)
            elif newest.item.seq in whole:
                event = replace(newest, item=whole[newest.item.seq])
                completed.append(replace(notification, event=event))
            else:
                item = newest.item
                log.warning("item is not in the database", node=item.node, item=item.id)
        notifications[:] = completed

    async def settle(self) -> None:
        """Take over from the store what a commit whose answer was lost may have changed there.

        Only items of which the former payload is not in memory: it may be there no longer.
        Raises `StoreUnavailableError`.
        """
        table = self._pubsub.items
        items = {key: table.get(key) for key in table.doubted}
        keys = [key for key, item in items.items() if item and isinstance(item.payload, InStore)]
        if not keys:
            return
        stored = {(item.node, item.id): item for item in await self._store.read_items(keys)}
        for key in keys:
            if key in stored:
                table.load(key, stored[key])
            else:
                # It stays in memory, for whoever retracts it again: subscribers are told only then.
                table.doubted.discard(key)


def _lacking(notification: Notification) -> LastItem | None:
    """Return what a notification tells of if that is to show a payload and has none."""
    match notification.event:
        case LastItem(item, with_payload=True) as newest if isinstance(item.payload, InStore):
            return newest
    return None
