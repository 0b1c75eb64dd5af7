"""Ad-hoc commands (XEP-0050): the one that XEP-0060 has, to see what waits for approval (§8.7)."""

from collections import OrderedDict
from collections.abc import Callable
from xml.etree import ElementTree as ET

from component.handlers.forms import Field, FormError, form_in, form_markup, single
from component.handlers.namespaces import COMMANDS, FORM, PUBSUB
from component.handlers.stanza import CommandError, Engine, IqRequest, Routes, qualified
from component.markup import Markup, element, text
from component.pubsub.errors import ItemNotFoundError
from component.pubsub.rules import Request

GET_PENDING = f"{PUBSUB}#get-pending"

FEATURES = (COMMANDS, GET_PENDING)

NAMES = {GET_PENDING: "See who waits for approval"}
"""What people call the commands."""

SESSIONS = 1000
"""How many may be under way; the oldest is forgotten for one more."""

_FORM = f"{PUBSUB}#subscribe_authorization"
_ACTIONS = ("execute", "next", "prev", "complete", "cancel")


class CommandHandlers:
    """Owners choose a node with pending subscriptions, and get the forms to approve them.

    `new_id` makes identifiers of sessions. A session is somebody's at an address, from the first
    form to the end of the command.
    """

    def __init__(self, engine: Engine, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._new_id = new_id
        self._sessions: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self.routes: Routes = {("set", qualified(COMMANDS, "command")): self._command}

    async def _command(self, iq: IqRequest) -> Markup:
        await self._engine.pubsub(lambda pubsub, _: pubsub.check_address(iq.address))
        if iq.child.get("node") not in NAMES:
            raise ItemNotFoundError
        action, session = iq.child.get("action", "execute"), iq.child.get("sessionid")
        if action not in _ACTIONS:
            raise CommandError("There is no such action.", "malformed-action")
        if session is None:
            if action != "execute":
                raise CommandError("The command has not begun.", "bad-sessionid")
            return await self._begin(iq)
        if self._sessions.get(session) != (iq.sender, iq.address):
            raise CommandError("There is no such session.", "bad-sessionid")
        if action in ("next", "prev"):
            raise CommandError("There is one form only.", "bad-action")
        chosen = None if action == "cancel" else _chosen(iq.child)
        if chosen is None:
            del self._sessions[session]
            return _markup(session, "canceled")
        request = Request(iq.sender, iq.address, chosen)
        await self._engine.pubsub(lambda pubsub, _: pubsub.ask_again(request))
        self._sessions.pop(session, None)
        return _markup(session, "completed")

    async def _begin(self, iq: IqRequest) -> Markup:
        request = Request(iq.sender, iq.address)
        names = await self._engine.pubsub(lambda pubsub, _: pubsub.pending_nodes(request))
        session = self._new_id()
        if not names:
            note = element("note", {"type": "info"}, text("Nobody waits for approval."))
            return _markup(session, "completed", note)
        self._sessions[session] = (iq.sender, iq.address)
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        nodes = Field("pubsub#node", "list-single", (), "Node", tuple(names))
        actions = element("actions", {"execute": "complete"}, element("complete"))
        return _markup(session, "executing", actions, form_markup(_FORM, "form", (nodes,)))


def command_info(node: str | None) -> Markup | None:
    """Return what service discovery says of a command, or of their list; None of all else."""
    if node == COMMANDS:
        return element("identity", {"category": "automation", "type": "command-list"})
    if node not in NAMES:
        return None
    identity = {"category": "automation", "type": "command-node", "name": NAMES[node]}
    features = (element("feature", {"var": var}) for var in (COMMANDS, FORM))
    return Markup(element("identity", identity) + "".join(features))


def _chosen(command: ET.Element) -> str | None:
    """Return the node that was chosen, None if the form was cancelled."""
    values = form_in(command, _FORM)
    if values is None:
        return None
    try:
        chosen = single("pubsub#node", values.get("pubsub#node", ()))
    except FormError as error:
        raise CommandError(str(error), "bad-payload") from error
    if not chosen:
        raise CommandError("The form names no node.", "bad-payload")
    return chosen


def _markup(session: str, status: str, *content: Markup) -> Markup:
    attributes = {"xmlns": COMMANDS, "node": GET_PENDING, "sessionid": session, "status": status}
    return element("command", attributes, *content)
