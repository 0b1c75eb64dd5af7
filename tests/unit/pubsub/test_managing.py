from datetime import timedelta

import pytest

from component.pubsub.audience import Resource
from component.pubsub.configuration import AccessModel, MessageType, SendLast
from component.pubsub.errors import (
    ClosedNodeError,
    ForbiddenError,
    InvalidOptionsError,
    InvalidSubidError,
    LastOwnerError,
    NotAcceptableError,
    NotAllowedError,
    PendingError,
    SubscriptionRequiredError,
    TransitionError,
)
from component.pubsub.managing import Wish
from component.pubsub.model import (
    Affiliation,
    AffiliationChanged,
    ApprovalWanted,
    LastItem,
    Role,
    SubscriptionChanged,
    SubscriptionEnded,
    SubscriptionState,
)
from component.pubsub.service import PubSub, Request
from component.pubsub.subscribing import Options
from component.records import Ledger
from tests.unit.pubsub.nodes import ANN, BOB, News, item
from tests.unit.pubsub.provisioned import ADMIN, AGENT, DOMAIN, NOW, SUPERVISOR

pytestmark = pytest.mark.unit

AUTHORIZE = AccessModel.AUTHORIZE


def test_an_affiliation_is_told_to_whom_it_concerns() -> None:
    service = News(access_model=AccessModel.WHITELIST)
    with pytest.raises(ClosedNodeError):
        service.subscribe(ANN, "news")
    service.give(ANN, Role.MEMBER)
    service.subscribe(ANN, "news")
    assert service.heard(ANN) == [AffiliationChanged(Affiliation("news", ANN, Role.MEMBER))]


@pytest.mark.parametrize("role", [Role.NONE, Role.OUTCAST, Role.PUBLISH_ONLY])
@pytest.mark.parametrize("model", [AccessModel.WHITELIST, AUTHORIZE])
def test_who_loses_the_right_loses_the_subscription_at_once(role: Role, model: AccessModel) -> None:
    service = News(access_model=model)
    service.give(ANN, Role.MEMBER)
    subscription = service.subscribe(f"{ANN}/desk", "news")
    service.give(ANN, role)
    assert service.heard(f"{ANN}/desk") == [SubscriptionEnded(subscription)]
    service.post(ADMIN, item("a"))
    assert len(service.heard(f"{ANN}/desk")) == 1


def test_an_outcast_of_an_open_node_gets_nothing_more() -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.give(ANN, Role.OUTCAST)
    assert not service.subscribers()
    with pytest.raises(ForbiddenError):
        service.item_ids(ANN, "news")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Role.OWNER, Role.PUBLISHER),
        (Role.OWNER, Role.PUBLISH_ONLY),
        (Role.OWNER, Role.MEMBER),
        (Role.OWNER, Role.OUTCAST),
        (Role.PUBLISHER, Role.MEMBER),
    ],
)
def test_some_affiliations_are_taken_away_before_another_is_given(
    before: Role, after: Role
) -> None:
    service = News()
    service.give(ANN, before)
    with pytest.raises(TransitionError):
        service.give(ANN, after)
    service.give(ANN, Role.NONE)
    service.give(ANN, after)
    assert service.pubsub.affiliations["news", ANN].role is after


def test_what_the_configuration_gives_is_not_taken_away_but_what_was_put_over_it_is() -> None:
    service = News()
    with pytest.raises(NotAllowedError):
        service.give(SUPERVISOR, Role.NONE, node="ext1000")
    service.give(SUPERVISOR, Role.OUTCAST, node="ext1000")
    service.give(SUPERVISOR, Role.NONE, node="ext1000")
    service.subscribe(SUPERVISOR)


def test_an_affiliation_that_stays_is_not_told() -> None:
    service = News()
    service.give(ANN, Role.NONE)
    assert not service.told


def test_owners_see_all_affiliations() -> None:
    service = News()
    service.give(ANN, Role.PUBLISHER)
    request = service.request(ADMIN)
    assert service.pubsub.affiliations_at(request) == {ANN: Role.PUBLISHER, ADMIN: Role.OWNER}
    managed = service.pubsub.affiliations_at(service.request(ADMIN, "ext1000"))
    assert managed == {AGENT: Role.MEMBER, SUPERVISOR: Role.MEMBER, ADMIN: Role.OWNER}
    with pytest.raises(ForbiddenError):
        service.pubsub.affiliations_at(service.request(ANN))


def test_who_is_put_off_by_an_owner_waits_though_others_are_given_roles() -> None:
    service = News(access_model=AUTHORIZE)
    service.give(ANN, Role.MEMBER)
    service.subscribe(ANN, "news")
    service.arrange(Wish(ANN, SubscriptionState.PENDING))
    service.give(BOB, Role.MEMBER)
    assert not service.subscribers()


def test_who_loses_a_role_is_told_nothing_more_as_others_are_given_theirs() -> None:
    service = News(access_model=AUTHORIZE)
    service.post(ADMIN, item("a"))
    service.give(ANN, Role.MEMBER)
    service.subscribe(ANN, "news")
    service.arrange(Wish(ANN, SubscriptionState.PENDING))
    service.told.clear()
    request, wanted = service.request(ADMIN), [(BOB, Role.MEMBER), (ANN, Role.OUTCAST)]
    service.do(lambda pubsub: pubsub.set_affiliations(request, wanted))
    assert [type(event) for event in service.heard(ANN)] == [SubscriptionEnded, AffiliationChanged]


def test_a_member_whom_an_administrator_made_stays_one() -> None:
    service = News()
    service.give(ANN, Role.MEMBER, node="ext1000")
    service.subscribe(ANN)
    service.provision({"1000": AGENT})
    assert service.subscribers() == [ANN]


def test_an_administrator_owns_every_node_for_good() -> None:
    service = News()
    service.give(ANN, Role.OWNER)
    with pytest.raises(NotAllowedError):
        service.give(ADMIN, Role.NONE, actor=ANN)
    assert service.pubsub.affiliations_at(service.request(ADMIN))[ADMIN] is Role.OWNER


def test_a_subscription_to_such_a_node_waits_for_an_owner() -> None:
    service = News(access_model=AUTHORIZE)
    subscription = service.subscribe(ANN, "news")
    assert subscription.state is SubscriptionState.PENDING
    assert service.heard(ADMIN) == [ApprovalWanted(subscription)]
    service.post(ADMIN, item("a"))
    assert not service.heard(ANN)
    with pytest.raises(SubscriptionRequiredError):
        service.item_ids(ANN, "news")
    with pytest.raises(PendingError):
        service.subscribe(ANN, "news")


def test_an_approved_subscription_is_one() -> None:
    service = News(access_model=AUTHORIZE, send_last_published_item=SendLast.NEVER)
    service.subscribe(ANN, "news")
    service.decide(ANN, allow=True)
    service.post(ADMIN, item("a"))
    assert isinstance(service.heard(ANN)[0], SubscriptionChanged)
    assert len(service.heard(ANN)) == 2
    assert service.item_ids(ANN, "news") == ["a"]


def test_a_denied_subscription_is_none() -> None:
    service = News(access_model=AUTHORIZE)
    subscription = service.subscribe(ANN, "news")
    service.decide(ANN, allow=False)
    assert service.heard(ANN) == [SubscriptionEnded(subscription)]
    assert not service.pubsub.subscriptions


def test_what_becomes_of_somebody_is_told_in_messages_that_wait_for_them() -> None:
    service = News(access_model=AUTHORIZE, send_last_published_item=SendLast.NEVER)
    service.subscribe(ANN, "news")
    service.decide(ANN, allow=True)
    service.give(ANN, Role.OUTCAST)
    types = [n.type for n in service.told if ANN in n.recipients]
    assert types == [MessageType.NORMAL] * 3  # let in, subscribed no longer, an outcast


def test_what_becomes_of_somebody_is_told_to_all_their_software_that_is_there() -> None:
    service = News()
    service.subscribe(ANN, "news")
    service.subscribe(f"{BOB}/desk", "news")

    def arrive(pubsub: PubSub) -> None:
        for jid in (f"{ANN}/desk", f"{ANN}/phone", f"{BOB}/desk", f"{BOB}/phone"):
            pubsub.arrive(DOMAIN, Resource(jid))

    service.do(arrive)
    service.arrange(Wish(ANN, None), Wish(f"{BOB}/desk", None))
    told = [n.recipients for n in service.told]
    assert told == [(f"{ANN}/desk", f"{ANN}/phone"), (f"{BOB}/desk",)]


def test_it_waits_for_them_while_it_is_not_known_yet_who_is_there() -> None:
    """Just after a reconnect: of all their software only some may have been heard of."""
    service = News()
    service.subscribe(ANN, "news")
    service.do(lambda pubsub: pubsub.forget_audience(NOW))
    service.do(lambda pubsub: pubsub.arrive(DOMAIN, Resource(f"{ANN}/desk")))
    service.arrange(Wish(ANN, None))
    assert [n.recipients for n in service.told] == [(ANN,)]


@pytest.mark.parametrize("type_", MessageType)
def test_owners_are_told_who_comes_in_messages_of_the_type_that_the_node_says(
    type_: MessageType,
) -> None:
    service = News(notify_sub=True, notification_type=type_)
    service.subscribe(ANN, "news")
    assert [n.type for n in service.told if ADMIN in n.recipients] == [type_]


def test_a_decision_comes_too_late_for_what_is_decided() -> None:
    service = News(access_model=AUTHORIZE)
    service.subscribe(ANN, "news")
    service.decide(ANN, allow=True)
    service.decide(ANN, allow=False)
    assert service.subscribers() == [ANN]


def test_nobody_but_an_owner_decides() -> None:
    service = News(access_model=AUTHORIZE)
    service.subscribe(ANN, "news")
    with pytest.raises(ForbiddenError):
        service.decide(ANN, allow=True, actor=ANN)


def test_members_need_no_approval() -> None:
    service = News(access_model=AUTHORIZE)
    service.subscribe(ANN, "news")
    service.give(ANN, Role.MEMBER)
    service.give(BOB, Role.MEMBER)
    service.subscribe(BOB, "news")
    assert service.subscribers() == [ANN, BOB]


def test_what_waits_can_be_asked_for_again() -> None:
    service = News(access_model=AUTHORIZE)
    assert service.pubsub.pending_nodes(service.request(ADMIN, None)) == []
    subscription = service.subscribe(ANN, "news")
    assert service.pubsub.pending_nodes(service.request(ADMIN, None)) == ["news"]
    with pytest.raises(ForbiddenError):
        service.pubsub.pending_nodes(service.request(ANN, None))
    service.told.clear()
    service.do(lambda pubsub: pubsub.ask_again(service.request(ADMIN)))
    assert service.heard(ADMIN) == [ApprovalWanted(subscription)]


def test_owners_make_approve_and_end_subscriptions() -> None:
    service = News(access_model=AUTHORIZE)
    service.subscribe(ANN, "news")
    subscribed = SubscriptionState.SUBSCRIBED
    service.arrange(Wish(ANN, subscribed), Wish(f"{BOB}/desk", subscribed))
    assert service.subscribers() == [ANN, f"{BOB}/desk"]
    assert len(service.heard(f"{BOB}/desk")) == 1
    service.arrange(Wish(ANN, None), Wish(f"{BOB}/desk", None, "new-1"))
    assert not service.pubsub.subscriptions
    assert isinstance(service.heard(ANN)[-1], SubscriptionEnded)


def test_a_list_of_subscriptions_takes_effect_as_a_whole() -> None:
    service = News(access_model=AccessModel.WHITELIST)
    service.give(ANN, Role.MEMBER)
    before = service.contents()
    subscribed = SubscriptionState.SUBSCRIBED
    with pytest.raises(NotAcceptableError):
        service.arrange(Wish(ANN, subscribed), Wish(BOB, subscribed))
    with pytest.raises(InvalidSubidError):
        service.arrange(Wish(ANN, subscribed), Wish(ANN, None, "wrong"))
    with pytest.raises(ForbiddenError):
        service.arrange(Wish(ANN, subscribed), actor=ANN)
    assert service.contents() == before


def test_a_new_subscriber_gets_the_newest_item() -> None:
    service = News()
    service.post(ADMIN, item("a"), item("b"))
    service.subscribe(ANN, "news")
    assert service.heard(ANN) == [LastItem(service.pubsub.items["news", "b"])]
    service.subscribe(ANN, "news")
    assert len(service.heard(ANN)) == 1, "who is subscribed already is not new"


def test_owners_hear_who_comes_and_goes_if_they_want() -> None:
    service = News(notify_sub=True)
    subscription = service.subscribe(ANN, "news")
    service.unsubscribe(ANN, "news")
    assert service.heard(ADMIN) == [
        SubscriptionChanged(subscription),
        SubscriptionEnded(subscription),
    ]


def options(service: News, deliver: bool = True, seconds: float | None = None) -> None:
    expire = None if seconds is None else NOW + timedelta(seconds=seconds)
    wanted = Options(deliver, expire)
    request = service.request(ANN)
    service.do(lambda pubsub: pubsub.set_options(request, ANN, None, wanted, NOW))


def test_a_subscriber_can_pause_notifications() -> None:
    service = News()
    service.subscribe(ANN, "news")
    options(service, deliver=False)
    service.post(ADMIN, item("a"))
    assert not service.heard(ANN)
    options(service, deliver=True)
    service.post(ADMIN, item("b"))
    assert len(service.heard(ANN)) == 1


def test_a_leased_subscription_ends_by_itself() -> None:
    service = News()
    service.subscribe(ANN, "news")
    options(service, seconds=60)
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=59)))
    assert service.subscribers() == [ANN]
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert not service.subscribers()
    assert isinstance(service.heard(ANN)[-1], SubscriptionEnded)


def test_a_lease_can_be_made_longer_or_taken_away() -> None:
    service = News()
    service.subscribe(ANN, "news")
    options(service, seconds=60)
    options(service)
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert service.subscribers() == [ANN]
    with pytest.raises(InvalidOptionsError):
        options(service, seconds=0)


def test_an_end_that_is_undone_comes_again() -> None:
    service = News()
    service.subscribe(ANN, "news")
    options(service, seconds=60)
    mark = service.ledger.mark()
    service.pubsub.expire(NOW + timedelta(seconds=60))
    service.ledger.rollback(mark)
    assert service.subscribers() == [ANN]
    service.do(lambda pubsub: pubsub.expire(NOW + timedelta(seconds=60)))
    assert not service.subscribers()


def test_who_is_gone_for_good_is_subscribed_no_longer_there() -> None:
    service = News()
    own_address = f"ext1000@{DOMAIN}"
    service.subscribe(AGENT, "news")
    service.subscribe(AGENT, "ext1000")
    service.subscribe(AGENT, "ext1000", own_address)
    service.subscribe(f"{AGENT}/desk", "news")
    service.do(lambda pubsub: pubsub.undeliverable(DOMAIN, AGENT))
    left = {(s.service, s.jid) for s in service.pubsub.subscriptions.values()}
    assert left == {(own_address, AGENT), (DOMAIN, f"{AGENT}/desk")}


def test_a_node_keeps_an_owner() -> None:
    without_admins = PubSub(Ledger(), DOMAIN, {})
    without_admins.load(*News().contents()[:4])
    request = Request(ADMIN, DOMAIN, "news")
    with pytest.raises(LastOwnerError):
        without_admins.set_affiliations(request, [(ADMIN, Role.NONE)])
    without_admins.set_affiliations(request, [(ADMIN, Role.NONE), (ANN, Role.OWNER)])
