"""Who is notified of a call, worked out the simple way, whatever happened before."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from component.pubsub.addresses import bare
from component.pubsub.audience import CALLS, Resource
from component.pubsub.configuration import AccessModel
from component.pubsub.errors import NotAllowedError, PubSubError
from component.pubsub.model import Role, Subscription
from component.pubsub.presence import Show
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import News
from tests.unit.pubsub.provisioned import ADMIN, AGENT, EXTENSION, NOW, STRANGER, SUPERVISOR

pytestmark = pytest.mark.unit

NODE = "ext1000"

accounts = st.sampled_from([AGENT, SUPERVISOR, STRANGER])
full_jids = st.builds(lambda account, r: f"{account}/{r}", accounts, st.sampled_from("ab"))
resources = st.builds(
    Resource,
    full_jids,
    st.sampled_from([None, Show.DND]),
    st.sampled_from([0, -1]),
    wants=st.sampled_from([frozenset[str](), frozenset({CALLS}), frozenset({NODE})]),
)
options = st.builds(Options, show_values=st.sampled_from([frozenset[str](), frozenset({"online"})]))
models = st.sampled_from(AccessModel)


class WhoIsNotified(RuleBasedStateMachine):
    """One extension, three accounts, and all on which it depends who hears of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.service = News()
        self.linked = AGENT
        self.online: dict[str, Resource] = {}
        """Whose presence counts."""
        self.contacts: set[str] = set()
        self.made = 0

    @rule(model=models, presence_based=st.booleans())
    def configure(self, model: AccessModel, presence_based: bool) -> None:
        self.service.configure(
            node=NODE, access_model=model, presence_based_delivery=presence_based
        )

    @rule(account=accounts, role=st.sampled_from([Role.NONE, Role.MEMBER, Role.OUTCAST]))
    def affiliate(self, account: str, role: Role) -> None:
        was_listed = self._is_listed(account)
        try:
            self.service.give(account, role, node=NODE)
        except NotAllowedError:
            assert was_listed, "only what is configured cannot be taken away"

    @rule(account=accounts)
    def link(self, account: str) -> None:
        self.linked = account
        self.service.provision({"1000": account})

    @rule(account=accounts)
    def add_contact(self, account: str) -> None:
        may_be = self._may_be_contact(account)
        try:
            self.service.add_contact(account)
        except PubSubError:
            assert not may_be
        else:
            assert may_be

    @rule(account=accounts)
    def remove_contact(self, account: str) -> None:
        self.service.do(lambda p: p.remove_contact(Request(account, EXTENSION)))

    @rule(jid=accounts | full_jids, options=options)
    def subscribe(self, jid: str, options: Options) -> None:
        self.made += 1
        may, subid, request = self._may_attend(bare(jid)), f"s{self.made}", Request(jid, EXTENSION)
        waits = any(s.jid == jid and not s.active for s in self._subscriptions())
        try:
            self.service.do(lambda p: p.subscribe(request, jid, subid, NOW, options))
        except PubSubError:
            assert waits or not may
        else:
            assert may

    @rule(jid=accounts | full_jids, allow=st.booleans())
    def decide(self, jid: str, allow: bool) -> None:
        request = Request(ADMIN, EXTENSION)
        self.service.do(lambda p: p.decide(request, jid, None, allow=allow))

    @rule(jid=accounts | full_jids)
    def unsubscribe(self, jid: str) -> None:
        held = [s for s in self._subscriptions() if s.jid == jid]
        for subscription in held:
            request, subid = Request(jid, EXTENSION), subscription.subid
            self.service.do(lambda p, r=request, s=subid: p.unsubscribe(r, jid, s))  # type: ignore[misc]

    @rule(resource=resources)
    def arrive(self, resource: Resource) -> None:
        if self._may_attend(bare(resource.jid)):
            self.online[resource.jid] = resource
        self.service.do(lambda pubsub: pubsub.arrive(EXTENSION, resource))

    @rule(jid=full_jids)
    def leave(self, jid: str) -> None:
        self.online.pop(jid, None)
        self.service.do(lambda pubsub: pubsub.leave(EXTENSION, jid))
        assert jid not in {s.jid for s in self._subscriptions()}

    @rule()
    def publish(self) -> None:
        self.service.told.clear()
        self.service.publish("call-1")
        told = Counter(jid for n in self.service.told for jid in n.recipients)
        assert told == Counter({*self._subscribers(), *self._interested()})

    @invariant()
    def rights_that_are_gone_are_gone(self) -> None:
        pubsub = self.service.pubsub
        assert all(self._may_be_contact(c.jid) for c in pubsub.contacts.values())
        assert all(self._may_attend(bare(s.jid)) for s in self._subscriptions())
        contacts = {contact.jid for contact in pubsub.contacts.values()}
        for account in self.contacts - contacts:
            self._forget(account)  # what is online is no longer shown to the address
        self.contacts = contacts
        for jid in list(self.online):
            if not self._may_attend(bare(jid)):
                self._forget(bare(jid))

    # The simple way. ----------------------------------------------------------------------------

    def _subscriptions(self) -> list[Subscription]:
        return list(self.service.pubsub.subscriptions.values())

    def _active(self) -> list[Subscription]:
        return [s for s in self._subscriptions() if s.active]

    def _subscribers(self) -> set[str]:
        """Those with a subscription that is to be served now."""
        config = self.service.pubsub.nodes[NODE].config
        found = set()
        for s in self._active():
            there = [r for r in self.online.values() if r.hears(s.jid)]
            if s.show_values:
                there = [r for r in there if r.shown in s.show_values]
            if there or not (s.show_values or config.presence_based_delivery):
                found.add(s.jid)
        return found

    def _interested(self) -> set[str]:
        """Those online who want calls and have no subscription that would reach them."""
        subscribed = [s.jid for s in self._active()]
        return {
            r.jid
            for r in self.online.values()
            if r.wants and self._may_hear(bare(r.jid))
            if not any(r.hears(jid) for jid in subscribed)
        }

    def _is_contact(self, account: str) -> bool:
        return (EXTENSION, account) in self.service.pubsub.contacts

    def _is_listed(self, account: str) -> bool:
        record = self.service.pubsub.affiliations.get((NODE, account))
        return record.role is Role.MEMBER if record else account in (self.linked, SUPERVISOR)

    def _is_outcast(self, account: str) -> bool:
        record = self.service.pubsub.affiliations.get((NODE, account))
        return record is not None and record.role is Role.OUTCAST

    def _may_be_contact(self, account: str) -> bool:
        if self.service.pubsub.nodes[NODE].config.access_model is AccessModel.OPEN:
            return not self._is_outcast(account)
        return self._is_listed(account)

    def _may_hear(self, account: str) -> bool:
        """Whether the node tells the account what it wants, without a subscription."""
        return self._may_attend(account) and self._may_be_contact(account)

    def _may_attend(self, account: str) -> bool:
        """Whether the account may subscribe, if only after approval."""
        match self.service.pubsub.nodes[NODE].config.access_model:
            case AccessModel.PRESENCE:
                return self._is_listed(account) and self._is_contact(account)
            case AccessModel.AUTHORIZE:
                return not self._is_outcast(account)
        return self._may_be_contact(account)

    def _forget(self, account: str) -> None:
        self.online = {jid: r for jid, r in self.online.items() if bare(jid) != account}


TestWhoIsNotified = WhoIsNotified.TestCase
TestWhoIsNotified.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
