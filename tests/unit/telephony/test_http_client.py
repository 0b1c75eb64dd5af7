import pytest

from component.telephony.errors import AppReplacedError, AriError, AriUnreachableError
from component.telephony.http_client import AriHttpClient, as_query, rebase

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("origin", "described", "asked"),
    [
        (
            "https://pbx.example.com:8089",
            "http://pbx.example.com:8089/ari/channels/a%2Fb?x=1",
            "https://pbx.example.com:8089/ari/channels/a%2Fb?x=1",
        ),
        ("http://127.0.0.1:8088", "ws://localhost/ari/events", "http://127.0.0.1:8088/ari/events"),
        (
            "https://pbx.example.com/asterisk/",
            "http://pbx.example.com/asterisk/ari/channels",
            "https://pbx.example.com/asterisk/ari/channels",
        ),
    ],
)
def test_requests_go_to_the_configured_origin_whatever_the_description_says(
    origin: str, described: str, asked: str
) -> None:
    assert rebase(described, origin) == asked


def test_booleans_and_numbers_are_written_as_asterisk_reads_them() -> None:
    given = {"subscribeAll": True, "mute": False, "timeout": 20, "app": "ivr"}
    assert as_query(given) == {
        "subscribeAll": "true",
        "mute": "false",
        "timeout": "20",
        "app": "ivr",
    }


def test_no_parameters_are_an_empty_query() -> None:
    assert as_query(None) == {}


async def test_credentials_in_the_url_are_refused_without_repeating_them() -> None:
    with pytest.raises(ValueError, match="must not hold") as caught:
        AriHttpClient("http://ada:hunter2@127.0.0.1:8088", "ada", "hunter2", timeout=5)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (AriUnreachableError("connection refused"), "asterisk.url"),
        (AriError(401, "Authentication required"), "asterisk.password"),
        (AriError(403, "Write access denied"), "read_only"),
        (AriError(404, "Not Found"), "starting"),
        (AppReplacedError("ivr"), "asterisk.app"),
    ],
)
def test_errors_that_an_operator_can_mend_say_how(error: AriError, word: str) -> None:
    assert word in error.mending
