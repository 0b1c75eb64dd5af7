"""Ad-hoc commands (XEP-0050): the one that XEP-0060 has, to see what waits for approval (§8.7)."""

from component.handlers.forms import Field, form_in, form_markup, single
from component.handlers.namespaces import COMMANDS, PUBSUB
from component.handlers.stanza import BadRequestError, Engine, IqRequest, Routes, qualified
from component.markup import NOTHING, Markup, element
from component.pubsub.errors import ItemNotFoundError
from component.pubsub.rules import Request

GET_PENDING = f"{PUBSUB}#get-pending"

FEATURES = (COMMANDS, GET_PENDING)

_FORM = f"{PUBSUB}#subscribe_authorization"


class CommandHandlers:
    """Owners choose a node with pending subscriptions, and get the forms to approve them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.routes: Routes = {("set", qualified(COMMANDS, "command")): self._command}

    async def _command(self, iq: IqRequest) -> Markup:
        await self._engine.pubsub(lambda pubsub, _: pubsub.check_address(iq.address))
        if iq.child.get("node") != GET_PENDING:
            raise ItemNotFoundError
        action = iq.child.get("action", "execute")
        if action == "cancel":
            return _command(iq, "canceled")
        if action not in ("execute", "complete", "next"):
            raise BadRequestError("There is no such action.")
        chosen = single("pubsub#node", (form_in(iq.child, _FORM) or {}).get("pubsub#node", ()))
        if chosen:
            request = Request(iq.sender, iq.address, chosen)
            await self._engine.pubsub(lambda pubsub, _: pubsub.ask_again(request))
            return _command(iq, "completed")
        request = Request(iq.sender, iq.address)
        names = await self._engine.pubsub(lambda pubsub, _: pubsub.pending_nodes(request))
        nodes = Field("pubsub#node", "list-single", (), "Node", tuple(names))
        return _command(iq, "executing", form_markup(_FORM, "form", (nodes,)))


def _command(iq: IqRequest, status: str, form: Markup = NOTHING) -> Markup:
    session = iq.child.get("sessionid") or "get-pending"  # there is nothing to remember
    attributes = {"xmlns": COMMANDS, "node": GET_PENDING, "sessionid": session, "status": status}
    steps = element("actions", {"execute": "next"}, element("next")) if form else NOTHING
    return element("command", attributes, steps, form)
