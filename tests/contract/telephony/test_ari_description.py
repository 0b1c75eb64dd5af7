"""The recorded events, on which unit tests rest, against the description that Asterisk ships."""

from typing import Any

import pytest

from component.domain.words import DeviceState
from component.telephony.connection import EVENTS
from component.telephony.http_client import AriHttpClient
from lab.asterisk import ARI_USER
from lab.asterisk import Asterisk as Pbx
from tests.contract.telephony.exchange import url_of
from tests.unit.telephony.recorded import BRIDGES, CHANNELS
from tests.unit.telephony.recorded import EVENTS as RECORDED

pytestmark = pytest.mark.contract

Models = dict[str, dict[str, Any]]

PRIMITIVES: dict[str, type] = {"string": str, "int": int, "long": int, "Date": str, "boolean": bool}


@pytest.fixture
async def models(pbx: Pbx) -> Models:
    """What Asterisk says its data looks like, by the names of the types."""
    http = AriHttpClient(url_of(pbx), ARI_USER, pbx.settings.ari_password, timeout=5)
    found: Models = {}
    try:
        for resource in ("events", "channels", "bridges", "deviceStates"):
            described = await http.request("GET", f"/ari/api-docs/{resource}.json")
            assert isinstance(described.body, dict)
            found |= described.body["models"]
    finally:
        await http.close()
    return found


def differences(thing: Any, type_: str, models: Models) -> list[str]:
    """Say where a thing is not of a type."""
    if type_.startswith("List["):
        inner = type_.removeprefix("List[").removesuffix("]")
        return [found for item in thing for found in differences(item, inner, models)]
    if type_ in PRIMITIVES:
        return [] if isinstance(thing, PRIMITIVES[type_]) else [f"{thing!r} is no {type_}"]
    found = []
    properties = properties_of(type_, models)
    for name, described in properties.items():
        if name in thing:
            found += differences(thing[name], described["type"], models)
        elif described.get("required"):
            found.append(f"{type_} without {name}")
    return found + [f"{type_} has no {name}" for name in thing if name not in properties]


def properties_of(type_: str, models: Models) -> dict[str, Any]:
    """Return the properties of a type and of those that it is a subtype of."""
    inherited = (base for base in models.values() if type_ in base.get("subTypes", ()))
    found = dict(models[type_]["properties"])
    for base in inherited:
        found |= properties_of(base["id"], models)
    return found


@pytest.mark.parametrize("happened", sorted(RECORDED))
async def test_a_recorded_event_is_as_described(happened: str, models: Models) -> None:
    event = RECORDED[happened]
    assert differences(event, event["type"], models) == []


async def test_recorded_lists_are_as_described(models: Models) -> None:
    assert differences(CHANNELS, "List[Channel]", models) == []
    assert differences(BRIDGES, "List[Bridge]", models) == []


@pytest.mark.parametrize("type_", EVENTS)
async def test_asterisk_knows_the_events_that_we_ask_for(type_: str, models: Models) -> None:
    assert type_ in models


async def test_we_know_the_device_states_that_asterisk_knows(models: Models) -> None:
    described = models["DeviceState"]["properties"]["state"]["allowableValues"]["values"]
    assert set(DeviceState) == set(described)
