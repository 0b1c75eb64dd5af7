import pytest

from component.pubsub.addresses import Addresses, bare, extension_node

pytestmark = pytest.mark.unit

ADDRESSES = Addresses("ivr.example.com")


def test_the_node_of_an_extension_is_named_after_it() -> None:
    assert extension_node("1000") == "ext1000"


def test_an_extensions_address_hosts_just_its_node() -> None:
    assert ADDRESSES.only_node("ext1000@ivr.example.com") == "ext1000"


@pytest.mark.parametrize(
    "address",
    [
        "ivr.example.com",
        "ext1000@example.com",
        "ext1000@ivr.example.com/desk",
        "ivr.example.com/ext1000@ivr.example.com",
        "@ivr.example.com",
        "",
    ],
)
def test_no_other_address_is_an_extensions(address: str) -> None:
    assert not ADDRESSES.only_node(address)


@pytest.mark.parametrize(
    ("jid", "account"),
    [
        ("user@example.com/desk", "user@example.com"),
        ("user@example.com/a/b@c", "user@example.com"),
        ("user@example.com", "user@example.com"),
        ("crm.example.com/x", "crm.example.com"),
    ],
)
def test_the_bare_jid_is_what_stands_before_the_resource(jid: str, account: str) -> None:
    assert bare(jid) == account
