"""The ad-hoc command that XEP-0060 has: to see who waits for approval (§8.7)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from component.handlers.commands import Form, Outcome
from component.handlers.forms import Field, FormError, Values, single
from component.handlers.namespaces import PUBSUB
from component.handlers.stanza import Engine, IqRequest
from component.operations.model import NotPermittedError
from component.pubsub.errors import ForbiddenError
from component.pubsub.rules import Request

GET_PENDING = f"{PUBSUB}#get-pending"

FEATURES = (GET_PENDING,)

_FORM = f"{PUBSUB}#subscribe_authorization"


class PendingCommand:
    """Owners choose a node with pending subscriptions, and get the forms to approve them."""

    names: Mapping[str, str] = MappingProxyType({GET_PENDING: "See who waits for approval"})

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def offered(self, iq: IqRequest) -> Mapping[str, str]:  # noqa: ARG002 - anybody may own a node
        """Offer it to all."""
        return self.names

    async def proceed(self, iq: IqRequest, node: str, filled: Sequence[Values]) -> Form | Outcome:  # noqa: ARG002 - there is one only
        """Show which nodes there are; send the forms of the one that was chosen."""
        try:
            return await self._proceed(iq, filled)
        except ForbiddenError as error:
            raise NotPermittedError(str(error)) from error

    async def _proceed(self, iq: IqRequest, filled: Sequence[Values]) -> Form | Outcome:
        if filled:
            request = Request(iq.sender, iq.address, _chosen(filled[0]))
            await self._engine.pubsub(lambda pubsub, _: pubsub.ask_again(request))
            return Outcome()
        asked = Request(iq.sender, iq.address)
        names = await self._engine.pubsub(lambda pubsub, _: pubsub.pending_nodes(asked))
        if not names:
            return Outcome("Nobody waits for approval.")
        nodes = Field("pubsub#node", "list-single", (), "Node", tuple(names), required=True)
        return Form(_FORM, (nodes,))


def _chosen(values: Values) -> str:
    chosen = single("pubsub#node", values.get("pubsub#node", ()))
    if not chosen:
        raise FormError("The form names no node.")
    return chosen
