from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from component.pubsub.addresses import Addresses
from component.pubsub.configuration import DEFAULT
from component.pubsub.index import Index
from component.pubsub.model import Affiliation, Item, Node, Role, Subscription
from component.pubsub.state import SPARE_DUES, State, key_of
from component.records import Ledger

pytestmark = pytest.mark.unit


def affiliation(node: str, jid: str) -> Affiliation:
    return Affiliation(node, jid, Role.MEMBER)


@pytest.fixture
def by_node() -> Index[Affiliation]:
    return Index(lambda a: a.node, lambda a: a.jid)


def test_a_group_is_sorted_however_its_records_came(by_node: Index[Affiliation]) -> None:
    for jid in ("c", "a", "b"):
        by_node.changed(None, affiliation("node", jid))
    assert [a.jid for a in by_node.of("node")] == ["a", "b", "c"]


def test_a_record_that_changes_its_group_moves(by_node: Index[Affiliation]) -> None:
    old, new = affiliation("node", "a"), affiliation("other", "a")
    by_node.changed(None, old)
    by_node.changed(old, new)
    assert not by_node.of("node")
    assert list(by_node.of("other")) == [new]


@pytest.mark.parametrize("others", [(), ("a", "c")])
def test_a_record_that_changes_but_for_its_place_stays_there(
    by_node: Index[Affiliation], others: tuple[str, ...]
) -> None:
    old, new = affiliation("node", "b"), Affiliation("node", "b", Role.OUTCAST)
    for record in (old, *(affiliation("node", jid) for jid in others)):
        by_node.changed(None, record)
    by_node.changed(old, new)
    assert [a.role for a in by_node.of("node") if a.jid == "b"] == [Role.OUTCAST]
    assert [a.jid for a in by_node.of("node")] == sorted({"b", *others})


def test_a_group_without_records_takes_no_memory(by_node: Index[Affiliation]) -> None:
    record = affiliation("node", "a")
    by_node.changed(None, record)
    by_node.changed(record, None)
    assert by_node.of("node") is by_node.of("never heard of")


NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
END = NOW + timedelta(days=7)
SECOND = timedelta(seconds=1)


def state() -> State:
    """A state with a node whose items end by themselves."""
    made = State(Ledger(), Addresses("ivr.example.com"), ())
    made.now = NOW
    made.nodes.put("news", Node("news", managed=False, config=replace(DEFAULT, item_expire=10**6)))
    return made


def lease(end: datetime) -> Subscription:
    return Subscription("news", "ivr.example.com", "ann@example.com", "1", NOW, expire=end)


def renew(state: State, number: int) -> None:
    subscription = lease(END + number * SECOND)
    state.subscriptions.put(key_of(subscription), subscription)


def publish(state: State, number: int) -> None:
    item = Item("news", "latest", "", "ann@example.com", NOW + number * SECOND, number)
    state.items.put(("news", "latest"), item)


def configure(state: State, number: int) -> None:
    if not number:
        publish(state, 0)
    node = state.nodes["news"]
    state.nodes.put("news", replace(node, config=replace(node.config, item_expire=10**6 + number)))


def dues(state: State) -> Iterator[datetime]:
    """Take out all that may have to be done, ever."""
    while (due := state.next_due(datetime.max.replace(tzinfo=UTC))) is not None:
        yield due[0]


OFTEN = 5 * SPARE_DUES


@pytest.mark.parametrize("change", [renew, publish, configure])
def test_what_is_put_off_time_and_again_is_remembered_but_now_and_then(
    change: Callable[[State, int], None],
) -> None:
    often = state()
    for number in range(OFTEN):
        change(often, number)
    last = state()
    for number in (0, OFTEN - 1):
        change(last, number)

    found = list(dues(often))
    assert len(found) <= 2 * SPARE_DUES
    assert found[-1] == max(dues(last))


def test_what_is_undone_after_it_was_put_off_time_and_again_ends_as_before() -> None:
    undone = state()
    renew(undone, 0)
    undone.ledger.committed()
    for number in range(1, OFTEN):
        renew(undone, number)
    undone.ledger.rollback()
    assert END in set(dues(undone))


def test_what_is_due_when_much_is_put_off_is_still_done() -> None:
    late = state()
    renew(late, 0)
    late.now = END
    for number in range(OFTEN):
        publish(late, number)
    assert END in set(dues(late))
