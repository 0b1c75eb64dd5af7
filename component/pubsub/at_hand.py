"""Which payloads are in memory: those that were published last, as many as fit."""

from component.pubsub.model import Item

LIMIT = 16 * 2**20
"""Characters of payloads that stay in memory; all others are read from the store when needed."""

ItemKey = tuple[str, str]
"""(node, item id)"""


class AtHand:
    """The items whose payloads are in memory, in the order of publication."""

    def __init__(self) -> None:
        self._sizes: dict[ItemKey, int] = {}
        self._size = 0

    def changed(self, old: Item | None, new: Item | None) -> None:
        """Follow a change of an item; a `Table`'s `on_change`."""
        if old is not None:
            self._size -= self._sizes.pop((old.node, old.id), 0)
        if new is not None and new.payload and isinstance(new.payload, str):
            self._sizes[new.node, new.id] = len(new.payload)
            self._size += len(new.payload)

    def surplus(self) -> ItemKey | None:
        """Return whose payload is the first to go, None if there is room for all."""
        return next(iter(self._sizes)) if self._size > LIMIT else None
