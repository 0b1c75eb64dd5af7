"""ARI's operations, made into requests by the API description."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from component.telephony.operations import Operation, operations

pytestmark = pytest.mark.unit

DECLARATION: Mapping[str, Any] = {
    "basePath": "http://localhost:8088/ari",
    "apis": [
        {
            "path": "/channels/{channelId}/play/{playbackId}",
            "operations": [
                {
                    "httpMethod": "POST",
                    "nickname": "playWithId",
                    "parameters": [
                        {"name": "channelId", "paramType": "path"},
                        {"name": "playbackId", "paramType": "path"},
                        {"name": "media", "paramType": "query"},
                        {"name": "variables", "paramType": "body"},
                    ],
                }
            ],
        },
        {"path": "/channels", "operations": [{"httpMethod": "GET", "nickname": "list"}]},
    ],
}


def described(name: str) -> Operation:
    return dict(operations(DECLARATION))[name]


def test_each_argument_goes_where_the_description_says() -> None:
    request = described("playWithId").request(
        {"channelId": "17.1", "playbackId": "p1", "media": "sound:x", "variables": {"A": "1"}}
    )
    assert request.method == "POST"
    assert request.url == "http://localhost:8088/ari/channels/17.1/play/p1"
    assert request.params == {"media": "sound:x"}
    assert json.loads(request.data or "") == {"variables": {"A": "1"}}
    assert request.headers == {"Content-Type": "application/json"}


def test_an_operation_may_have_no_parameters() -> None:
    request = described("list").request({})
    assert (request.method, request.url) == ("GET", "http://localhost:8088/ari/channels")
    assert (request.params, request.data, request.headers) == ({}, None, {})


def test_several_values_are_separated_by_commas() -> None:
    request = described("playWithId").request({"media": ["sound:a", "sound:b"]})
    assert request.params == {"media": "sound:a,sound:b"}


def test_an_id_cannot_name_another_resource() -> None:
    request = described("playWithId").request({"channelId": "../a b/?x", "playbackId": "p"})
    assert request.url == "http://localhost:8088/ari/channels/..%2Fa+b%2F%3Fx/play/p"


def test_an_argument_that_asterisk_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="colour"):
        described("list").request({"colour": "red"})


def test_a_description_of_something_else_is_told_apart() -> None:
    with pytest.raises(LookupError):
        dict(operations({"basePath": "/"}))
