"""Nodes come into being, if the operator lets them."""

from component.pubsub.addresses import looks_like_extension
from component.pubsub.configuration import (
    MAX_ITEMS,
    MAX_PAYLOAD,
    AccessModel,
    Configuration,
    NodeFull,
)
from component.pubsub.crowd import Limit
from component.pubsub.errors import (
    ForbiddenError,
    NameNotPreparedError,
    NameTooLongError,
    NodeExistsError,
    NotAcceptableError,
    NotAllowedError,
    TooManyNodesError,
    UnsupportedAccessModelError,
)
from component.pubsub.model import Affiliation, Node, Role
from component.pubsub.names import is_prepared
from component.pubsub.policy import MAX_NODES, Creators
from component.pubsub.rules import Request, Rules

MAX_NAME = 255
"""Characters of the names of nodes and items; the database's indexes have a limit too."""

MAX_TEXT = 1_000
"""Characters of a title, a description, a namespace or a language: who lists nodes gets them."""

MAX_CONTACTS = 100

MAX_CONTACT_TEXT = 20_000
"""Characters of them together: a notification of the configuration has them all."""

RESERVED = frozenset({"urn:xmpp:vcard4"})
"""Names by which every address is asked for something that no node has (XEP-0292)."""


class Creating(Rules):
    """Administrators create nodes, and everyone if the policy says so."""

    def create(self, request: Request, name: str, config: Configuration) -> Node:
        """Create a node that the actor owns (§8.1).

        Names that begin like those of extensions are the service's, and some reserved ones.

        Raises `ForbiddenError`, `NotAllowedError`, `NodeExistsError`, `NameTooLongError`,
        `NameNotPreparedError`, `TooManyNodesError`, `FullError`, and what `check_configuration`
        raises.
        """
        node = self._new(request, name, config)
        self._establish(node, request.account)
        return node

    def _new(self, request: Request, name: str, config: Configuration) -> Node:
        """Return a node that the actor may create. Raises what `create` raises."""
        self.check_address(request.service)
        admin = self._roles.is_admin(request.account)
        if not admin and self._policy.create is not Creators.EVERYONE:
            raise ForbiddenError
        if name in self._state.nodes:
            raise NodeExistsError
        if len(name) > MAX_NAME:  # to compare it would hold up everybody
            raise NameTooLongError
        is_taken = name in RESERVED or looks_like_extension(name)
        if request.service != self._addresses.domain or is_taken:
            raise NotAllowedError
        if not is_prepared(name):
            raise NameNotPreparedError
        if not admin:
            if self._owned_by(request.account) >= MAX_NODES:
                self._state.owners.refuse(Limit.ACCOUNT)
                raise TooManyNodesError
            self._state.owners.check_others(request.account, self._policy.limits)
        check_configuration(config, managed=False)
        return Node(name, managed=False, config=config,
                    creator=request.account, created=self._state.now)  # fmt: skip

    def _establish(self, node: Node, owner: str) -> None:
        self._state.redirects.delete(node.name)
        self._state.nodes.put(node.name, node)
        held = Affiliation(node.name, owner, Role.OWNER)
        self._state.affiliations.put((node.name, owner), held)

    def _owned_by(self, account: str) -> int:
        held = self._state.affiliations_of.of(account)
        return sum(affiliation.role is Role.OWNER for affiliation in held)


def check_configuration(config: Configuration, *, managed: bool) -> None:
    """Raise `UnsupportedAccessModelError` or `NotAcceptableError` for what no node may be like.

    Only managed nodes have an address whose presence can be seen; they take every call.
    """
    if config.access_model is AccessModel.PRESENCE and not managed:
        raise UnsupportedAccessModelError
    if managed and config.publish_node_full is NodeFull.REJECT:
        raise NotAcceptableError
    if not 1 <= config.max_items <= MAX_ITEMS:
        raise NotAcceptableError
    if not 1 <= config.max_payload_size <= MAX_PAYLOAD:
        raise NotAcceptableError
    texts = (config.title, config.description, config.type, config.language)
    if max(map(len, texts)) > MAX_TEXT:
        raise NotAcceptableError
    if len(config.contact) > MAX_CONTACTS or sum(map(len, config.contact)) > MAX_CONTACT_TEXT:
        raise NotAcceptableError
