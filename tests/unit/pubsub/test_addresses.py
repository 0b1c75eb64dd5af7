import pytest
from slixmpp.jid import JID

from component.pubsub.addresses import Addresses, bare, extension_node

pytestmark = pytest.mark.unit

ADDRESSES = Addresses("ivr.example.com")


def test_the_node_of_an_extension_is_named_after_it() -> None:
    assert extension_node("1000") == "ext1000"


def test_an_extensions_address_hosts_just_its_node() -> None:
    assert ADDRESSES.account("ext1000@ivr.example.com") == "ext1000"
    assert ADDRESSES.hosts("ext1000@ivr.example.com", "ext1000")
    assert not ADDRESSES.hosts("ext1000@ivr.example.com", "ext2000")


def test_the_address_of_an_extension_is_in_lower_case_as_servers_have_it() -> None:
    assert ADDRESSES.of("extSales_1.b-c") == "extsales_1.b-c@ivr.example.com"
    assert ADDRESSES.hosts("extsales@ivr.example.com", "extSales")


def test_what_extensions_are_made_of_needs_no_escaping() -> None:
    every = "".join(c for c in map(chr, range(128)) if c.isalnum() or c in "_.-")
    address = ADDRESSES.of(extension_node(every))
    assert JID(address).full == address


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
    assert not ADDRESSES.account(address)


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
