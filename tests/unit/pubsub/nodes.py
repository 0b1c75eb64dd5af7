"""A service with a node that somebody created, in a test's hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from component.pubsub.configuration import DEFAULT
from component.pubsub.managing import Wish
from component.pubsub.model import NodeEvent, Role
from component.pubsub.policy import DEFAULT_POLICY, Policy
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from tests.unit.pubsub.provisioned import ADMIN, DOMAIN, NOW, Provisioned

ANN = "ann@example.com"
BOB = "bob@example.com"


class News(Provisioned):
    """The administrator owns the node `news`; its configuration is the default but for `config`."""

    def __init__(self, *, policy: Policy = DEFAULT_POLICY, **config: Any) -> None:
        super().__init__(policy=policy)
        self._numbers = count(1)
        self.create("news", **config)

    def request(self, actor: str, node: str | None = "news") -> Request:
        return Request(actor, DOMAIN, node)

    def create(self, name: str, actor: str = ADMIN, **config: Any) -> None:
        made = replace(DEFAULT, **config)
        self.do(lambda pubsub: pubsub.create(self.request(actor), name, made))

    def configure(self, actor: str = ADMIN, node: str = "news", **config: Any) -> None:
        changed = replace(self.pubsub.nodes[node].config, **config)
        self.do(lambda pubsub: pubsub.configure(self.request(actor, node), changed))

    def give(self, jid: str, role: Role, actor: str = ADMIN, node: str = "news") -> None:
        request = self.request(actor, node)
        self.do(lambda pubsub: pubsub.set_affiliations(request, [(jid, role)]))

    def post(
        self, actor: str, *drafts: Draft, node: str = "news", now: datetime = NOW, **options: object
    ) -> list[str]:
        request = self.request(actor, node)
        return self.do(
            lambda pubsub: pubsub.publish_for(request, drafts, options, self.new_id, now)
        )

    def take_back(self, actor: str, *ids: str, notify: bool | None = None) -> None:
        self.do(lambda pubsub: pubsub.retract_for(self.request(actor), ids, notify))

    def arrange(self, *wishes: Wish, actor: str = ADMIN, node: str = "news") -> None:
        request = self.request(actor, node)
        self.do(lambda pubsub: pubsub.set_subscriptions(request, wishes, self.new_id, NOW))

    def decide(self, jid: str, *, allow: bool, actor: str = ADMIN) -> None:
        self.do(lambda pubsub: pubsub.decide(self.request(actor), jid, None, allow=allow))

    def new_id(self) -> str:
        return f"new-{next(self._numbers)}"

    def heard(self, jid: str) -> Sequence[NodeEvent]:
        """What a JID was told."""
        return [n.event for n in self.told if jid in n.recipients]

    def subscribers(self) -> list[str]:
        return sorted(s.jid for s in self.pubsub.subscriptions.values() if s.active)


def item(item_id: str | None = None, payload: str = "<x/>") -> Draft:
    return Draft(item_id, payload)
