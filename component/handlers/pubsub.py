"""Publish-subscribe requests (XEP-0060).

One table says which requests there are and which feature each belongs to. Those with a handler
are implemented, and their features are announced; the others are answered by naming the feature
that is missing.
"""

from collections.abc import Callable

from component.handlers.namespaces import PUBSUB, PUBSUB_OWNER
from component.handlers.operations import Asked, Operations
from component.handlers.pubsub_items import ItemHandlers
from component.handlers.pubsub_owner import OwnerHandlers
from component.handlers.pubsub_subscriptions import SubscriptionHandlers
from component.handlers.stanza import (
    BadRequestError,
    Engine,
    IqRequest,
    Routes,
    qualified,
    split_name,
)
from component.handlers.vcard import VCardHandlers
from component.markup import Markup
from component.pubsub.errors import UnsupportedError
from component.pubsub.features import implemented
from component.pubsub.policy import Policy


class PubSubHandlers:
    """Requests of both namespaces, everybody's and the owners'.

    `new_id` makes the identifiers that the service chooses; `cards` are had here, too.
    """

    def __init__(
        self, engine: Engine, new_id: Callable[[], str], policy: Policy, cards: VCardHandlers
    ) -> None:
        self._policy = policy
        self._operations: Operations = {
            **SubscriptionHandlers(engine, new_id).operations,
            **ItemHandlers(engine, new_id, cards).operations,
            **OwnerHandlers(engine, new_id).operations,
        }
        self.routes: Routes = {
            (type_, qualified(namespace, "pubsub")): self._handle
            for namespace in (PUBSUB, PUBSUB_OWNER)
            for type_ in ("get", "set")
        }

    @property
    def features(self) -> frozenset[str]:
        """What disco announces: what the rules implement, and the requests with a handler."""
        handled = [o for o in self._operations.values() if o.handle is not None]
        requests = {o.feature for o in handled}
        companions = {feature for o in handled for feature in o.companions.values()}
        names = implemented(self._policy) | requests | companions
        return frozenset({PUBSUB} | {f"{PUBSUB}#{name}" for name in names})

    async def _handle(self, request: IqRequest) -> Markup:
        namespace, _ = split_name(request.child.tag)
        # What stands there in other namespaces asks for extras: those unknown may be ignored.
        children = [c for c in request.child if split_name(c.tag)[0] == namespace]
        names = [split_name(c.tag)[1] for c in children]
        if not children:
            raise BadRequestError("The request asks for nothing.")
        operation = self._operations.get((namespace, request.type, names[0]))
        if operation is None:
            raise BadRequestError("There is no such request.")
        beside = dict(zip(names[1:], children[1:], strict=True))
        if len(beside) < len(names) - 1 or not beside.keys() <= operation.companions.keys():
            raise BadRequestError("The request asks for several things.")
        if operation.handle is None:
            raise UnsupportedError(operation.feature)
        return await operation.handle(Asked(request, children[0], beside))
