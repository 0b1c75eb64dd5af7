"""What may be asked of the publish-subscribe service: mostly what makes sense."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from component.pubsub.archive import Query
from component.pubsub.configuration import (
    AccessModel,
    Configuration,
    ItemReply,
    NodeFull,
    PublishModel,
    SendLast,
)
from component.pubsub.managing import Wish
from component.pubsub.model import (
    Role,
    SubscriptionState,
)
from component.pubsub.paging import Page
from component.pubsub.policy import Creators, Policy
from component.pubsub.publishing import Draft
from component.pubsub.service import Request
from component.pubsub.subscribing import Options
from tests.unit.pubsub.provisioned import (
    ADMIN,
    AGENT,
    DOMAIN,
    NOW,
    STRANGER,
    SUPERVISOR,
)

MAX_ITEMS = 3

accounts = st.sampled_from([AGENT, "user2@example.com", SUPERVISOR, ADMIN, STRANGER])
jids = st.builds(
    lambda account, resource: account + resource, accounts, st.sampled_from(["", "/a"])
)
nodes = st.sampled_from(["news", "news", "ext1000", "ext1000", "ext2000", "ext9999", None])
services = st.sampled_from([DOMAIN, DOMAIN, DOMAIN, f"ext1000@{DOMAIN}", f"ext9999@{DOMAIN}"])
requests = st.builds(Request, jids, services, nodes)
sensible = st.builds(Request, jids, st.just(DOMAIN), st.sampled_from(["news", "news", "ext1000"]))
"""About nodes that there usually are."""
owners = st.builds(
    Request, st.just(ADMIN), st.just(DOMAIN), st.sampled_from(["news", "news", "ext1000"])
)


def mostly(usual: st.SearchStrategy[Any], unusual: st.SearchStrategy[Any]) -> Any:
    """What is mostly as it should be, or runs would be one refusal after another."""
    return st.sampled_from([usual, usual, usual, unusual]).flatmap(lambda chosen: chosen)


owning = mostly(owners, requests)
subscribing = mostly(sensible, requests)
picks = mostly(st.integers(0, 9), st.none())
"""Which of the subscriptions that there are is meant; None: some request that fits none."""
item_ids = st.sampled_from(["a", "b", "c", "d"])
good_drafts = st.builds(Draft, item_ids | st.none(), st.just("<x/>"), st.just("urn:x"))
drafts = st.builds(
    Draft, item_ids | st.none(), st.sampled_from(["<x/>", ""]), st.sampled_from(["", "urn:x"])
)
configurations = st.builds(
    Configuration,
    access_model=st.sampled_from(
        [AccessModel.OPEN, AccessModel.AUTHORIZE, AccessModel.OPEN, *AccessModel]
    ),
    publish_model=st.sampled_from(PublishModel),
    max_items=st.sampled_from([MAX_ITEMS, MAX_ITEMS, 1, 0]),
    publish_node_full=st.sampled_from(NodeFull),
    item_expire=st.sampled_from([None, 5]),
    purge_offline=st.booleans(),
    persist_items=mostly(st.just(True), st.just(False)),
    subscribe=mostly(st.just(True), st.just(False)),
    itemreply=st.sampled_from(ItemReply),
    type=st.sampled_from(["", "urn:x"]),
    deliver_payloads=mostly(st.just(True), st.just(False)),
    send_last_published_item=st.sampled_from(SendLast),
)
publish_options = st.fixed_dictionaries({}, optional={"access_model": st.sampled_from(AccessModel)})
times = st.none() | st.sampled_from([NOW, NOW + timedelta(seconds=1)])
places = st.none() | st.integers(-1, 9).map(lambda n: str(int(NOW.timestamp() * 1e6) + n))
queries = st.builds(Query, times, times, places, places)
pages = st.builds(Page, st.none() | st.integers(0, 3), after=places) | st.builds(
    Page, st.none() | st.integers(0, 3), before=st.just("") | places
)
wishes = st.builds(
    Wish,
    jids,
    st.sampled_from(SubscriptionState) | st.none(),
    st.sampled_from([None, None, None, "made"]),
)
leases = st.sampled_from([timedelta(seconds=1), timedelta(seconds=9), timedelta(days=1, seconds=5)])
options = st.builds(
    Options,
    mostly(st.just(True), st.just(False)),
    st.none() | leases.map(lambda lease: NOW + lease),
    st.booleans(),
    digest=st.none() | st.sampled_from([timedelta(seconds=1), timedelta(seconds=5)]),
)
roles = st.sampled_from(Role)
policies = st.builds(Policy, st.sampled_from(Creators), st.booleans())
linked = st.dictionaries(
    st.sampled_from(["1000", "2000"]), st.sampled_from([AGENT, "user2@example.com", STRANGER, ""])
)
