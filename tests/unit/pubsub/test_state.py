import pytest

from component.pubsub.index import Index
from component.pubsub.model import Affiliation, Role

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
