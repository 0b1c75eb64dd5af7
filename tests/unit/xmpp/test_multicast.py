"""Finding the server's multicast service (XEP-0033)."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import pytest

from component.markup import Markup
from component.xmpp.multicast import LEAST_LIMIT, MOST_SERVICES, Multicast, find

pytestmark = pytest.mark.unit

DOMAIN = "ivr.example.com"
SERVER = "example.com"

ADDRESS = "http://jabber.org/protocol/address"


def info(*features: str, form: str = "") -> str:
    listed = "".join(f"<feature var='{feature}'/>" for feature in features)
    return f"<query xmlns='http://jabber.org/protocol/disco#info'>{listed}{form}</query>"


def items(*jids: str) -> str:
    listed = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return f"<query xmlns='http://jabber.org/protocol/disco#items'>{listed}</query>"


def form(form_type: str, **fields: str) -> str:
    values = {"FORM_TYPE": form_type} | fields
    written = (f"<field var='{k}'><value>{v}</value></field>" for k, v in values.items())
    return f"<x xmlns='jabber:x:data' type='result'>{''.join(written)}</x>"


class Server:
    """Answers what it is told to; whoever else is asked does not answer."""

    def __init__(self, answers: Mapping[tuple[str, str], str]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def ask(self, to: str, content: Markup) -> ET.Element | None:
        self.asked.append(to)
        kind = "items" if "#items" in content else "info"
        answer = self._answers.get((to, kind))
        return None if answer is None else ET.fromstring(f"<iq type='result'>{answer}</iq>")


async def test_the_server_itself_may_be_the_service() -> None:
    server = Server({(SERVER, "info"): info("other", ADDRESS)})
    assert await find(server.ask, DOMAIN) == Multicast(SERVER, LEAST_LIMIT)
    assert server.asked == [SERVER]


async def test_a_service_of_the_server_is_found_among_others() -> None:
    server = Server(
        {
            (SERVER, "info"): info(),
            (SERVER, "items"): items(
                DOMAIN, "silent.example.com", "chat.example.com", "multi.example.com"
            ),
            ("chat.example.com", "info"): info("other"),
            ("multi.example.com", "info"): info(ADDRESS),
        }
    )
    assert await find(server.ask, DOMAIN) == Multicast("multi.example.com", LEAST_LIMIT)
    assert DOMAIN not in server.asked


async def test_services_of_other_servers_are_not_asked() -> None:
    others = ("multi.example.org", "notexample.com", "example.org/multi.example.com")
    there = {(jid, "info"): info(ADDRESS) for jid in others}
    server = Server({(SERVER, "items"): items(*others)} | there)
    assert await find(server.ask, DOMAIN) is None
    assert server.asked == [SERVER, SERVER]


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        (form(ADDRESS, message="1000", presence="7"), 1000),
        (form(ADDRESS, presence="7"), LEAST_LIMIT),
        (form(ADDRESS, message="many"), LEAST_LIMIT),
        (form(ADDRESS, message="infinite"), LEAST_LIMIT),
        (form(ADDRESS, message="-1"), LEAST_LIMIT),
        (form(ADDRESS, message="9" * 5000), LEAST_LIMIT),
        (form("urn:other", message="1000"), LEAST_LIMIT),
        (form(ADDRESS, message="1000") + form("urn:other", message="7"), 1000),
        (form("urn:other", message="7") + form(ADDRESS, message="1000"), 1000),
    ],
)
async def test_it_says_how_many_addresses_it_takes(said: str, limit: int) -> None:
    server = Server({(SERVER, "info"): info(ADDRESS, form=said)})
    assert await find(server.ask, DOMAIN) == Multicast(SERVER, limit)


async def test_one_that_takes_no_addresses_is_none() -> None:
    server = Server({(SERVER, "info"): info(ADDRESS, form=form(ADDRESS, message="0"))})
    assert await find(server.ask, DOMAIN) is None


async def test_there_may_be_none() -> None:
    assert await find(Server({}).ask, DOMAIN) is None
    assert await find(Server({}).ask, "ivr") is None


async def test_not_everything_in_the_world_is_asked() -> None:
    many = [f"s{number}.example.com" for number in range(1000)]
    server = Server({(SERVER, "items"): items("user1@example.com", *many)})
    assert await find(server.ask, DOMAIN) is None
    assert server.asked == [SERVER, SERVER, *many[:MOST_SERVICES]]
