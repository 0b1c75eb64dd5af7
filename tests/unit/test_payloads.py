"""What a subscriber receives."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from component.domain.kept_place import Callback
from component.domain.model import Call, Caller, Customer, Leg, Offer, Transfer
from component.domain.words import CallState
from component.payloads import announcement_xml, call_xml

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[2] / "docs"

SCHEMA = xmlschema.XMLSchema(DOCS / "payload.xsd")

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

OFFERED = Call(
    "call1",
    "support",
    "channel1",
    Caller("+15550100", "Ann"),
    NOW,
    digits="1111",
    customer=Customer(7, "1111", "Company 1", {"contract": "gold"}),
    state=CallState.OFFERED,
    offers=(Offer("1000", Leg("call1", 1), NOW + timedelta(seconds=1.5)),),
    attempt=1,
    revision=1,
)

NAMESPACE = "{urn:ivr-pubsub:call:1}"


def parsed(call: Call) -> ET.Element:
    """The payload, which is checked against the schema."""
    text = call_xml(call, "1000")
    SCHEMA.validate(text)
    return ET.fromstring(text)


def as_json(call: Call) -> Any:
    return json.loads(parsed(call).findtext("{urn:xmpp:json:0}json", ""))


def test_an_offered_call_as_attributes_and_elements() -> None:
    payload = parsed(OFFERED)

    assert payload.attrib == {
        "id": "call1",
        "revision": "1",
        "state": "offered",
        "queue": "support",
        "extension": "1000",
        "entered": "2026-01-02T03:04:05.678Z",
        "offered": "2026-01-02T03:04:07.178Z",
        "waiting": "1.500",
    }
    customer = payload.find(f"{NAMESPACE}customer")
    assert customer is not None
    assert customer.attrib == {"id": "7", "code": "1111", "name": "Company 1"}
    assert [(a.get("name"), a.text) for a in customer] == [("contract", "gold")]
    assert payload.findtext(f"{NAMESPACE}digits") == "1111"


def test_an_offered_call_as_json() -> None:
    assert as_json(OFFERED) == {
        "id": "call1",
        "revision": 1,
        "state": "offered",
        "queue": "support",
        "extension": "1000",
        "entered": "2026-01-02T03:04:05.678Z",
        "offered": "2026-01-02T03:04:07.178Z",
        "answered": None,
        "ended": None,
        "waiting": 1.5,
        "caller": {"number": "+15550100", "name": "Ann"},
        "customer": {
            "id": 7,
            "code": "1111",
            "name": "Company 1",
            "attributes": {"contract": "gold"},
        },
        "digits": "1111",
        "transfers": [],
        "callback": None,
    }


def test_a_call_that_was_passed_on_says_from_whom() -> None:
    transfers = (
        Transfer("2000", NOW, attended=False),
        Transfer("3000", NOW + timedelta(seconds=9), attended=True),
    )
    call = replace(OFFERED, transfers=transfers)
    told = [
        {"from": "2000", "at": "2026-01-02T03:04:05.678Z", "kind": "blind"},
        {"from": "3000", "at": "2026-01-02T03:04:14.678Z", "kind": "attended"},
    ]

    assert [e.attrib for e in parsed(call).iter(f"{NAMESPACE}transfer")] == told
    assert as_json(call)["transfers"] == told


def test_a_caller_who_was_called_back_is_told_as_such() -> None:
    called = replace(OFFERED, callback=Callback("+15550177", "channel1", NOW, calls=1))
    told = {"number": "+15550177", "asked": "2026-01-02T03:04:05.678Z"}

    assert [e.attrib for e in parsed(called).iter(f"{NAMESPACE}callback")] == [told]
    assert as_json(called)["callback"] == told


def test_later_states_say_when_they_came() -> None:
    ended = replace(OFFERED, state=CallState.ENDED, answered_at=NOW, ended_at=NOW, revision=3)

    assert parsed(ended).get("answered") == "2026-01-02T03:04:05.678Z"
    assert as_json(ended)["ended"] == "2026-01-02T03:04:05.678Z"


def test_an_unidentified_caller_has_no_customer() -> None:
    unknown = replace(OFFERED, customer=None)

    assert parsed(unknown).find(f"{NAMESPACE}customer") is None
    assert as_json(unknown)["customer"] is None


@given(
    number=st.text(),
    name=st.text(),
    digits=st.text(),
    attributes=st.dictionaries(st.text(), st.text()),
)
def test_whatever_a_caller_is_called_the_payload_is_well_formed(
    number: str, name: str, digits: str, attributes: dict[str, str]
) -> None:
    call = replace(
        OFFERED,
        caller=Caller(number, name),
        digits=digits,
        customer=Customer(1, digits, name, attributes),
    )

    assert len(parsed(call).findall(f"{NAMESPACE}customer/{NAMESPACE}attribute")) == len(attributes)


@given(name=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xD7FF)))
def test_every_character_that_xml_has_survives(name: str) -> None:
    call = replace(OFFERED, customer=Customer(1, "1", name))

    customer = parsed(call).find(f"{NAMESPACE}customer")
    assert customer is not None
    assert customer.get("name") == as_json(call)["customer"]["name"] == name


def test_the_announcement_says_who_is_waiting_where() -> None:
    assert announcement_xml(OFFERED, personal=True) == (
        "<body>Call waiting in support: Company 1 (1111), +15550100</body>"
    )


def test_the_announcement_of_a_caller_of_whom_nothing_is_known() -> None:
    nobody = replace(OFFERED, customer=None, caller=Caller(""))

    assert announcement_xml(nobody, personal=True) == (
        "<body>Call waiting in support: unknown number</body>"
    )


def test_the_example_of_the_documentation_is_what_is_published() -> None:
    example = (DOCS / "examples" / "call.xml").read_text()
    SCHEMA.validate(example)
    at = datetime(2026, 11, 26, 9, 4, 5, tzinfo=UTC)
    offered = at + timedelta(seconds=65.5)
    call = Call(
        "1795653845.17",
        "support",
        "channel1",
        Caller("+495550100", "Ann"),
        at,
        digits="1111",
        customer=Customer(7, "1111", "Company 1", {"contract": "gold"}),
        state=CallState.ANSWERED,
        offers=(Offer("2000", Leg("call1", 2), offered),),
        attempt=2,
        callback=Callback("+495550177", "channel1", at + timedelta(seconds=30), calls=1),
        answered_at=at + timedelta(seconds=69.25),
        revision=4,
        transfers=(Transfer("1000", offered, attended=False),),
    )

    shown, published = ET.fromstring(example), ET.fromstring(call_xml(call, "2000"))

    for payload in (shown, published):
        json_element = payload.find("{urn:xmpp:json:0}json")
        assert json_element is not None
        json_element.text = json.dumps(json.loads(json_element.text or ""), sort_keys=True)
    canonical = [
        ET.canonicalize(ET.tostring(payload, encoding="unicode"), strip_text=True)
        for payload in (shown, published)
    ]
    assert canonical[0] == canonical[1]


def test_the_announcement_says_nothing_of_the_caller_where_it_is_not_to() -> None:
    assert announcement_xml(OFFERED, personal=False) == "<body>Call waiting in support</body>"
