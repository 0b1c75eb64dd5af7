import pytest

from lab.sip.auth import Challenge, Credentials, parse_challenge
from lab.sip.errors import MalformedMessageError
from lab.sip.message import Response

pytestmark = pytest.mark.unit

NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
MUFASA = Credentials("Mufasa", "Circle Of Life")
"""The example of RFC 2617 section 3.5."""


def test_a_challenge_is_read() -> None:
    challenge = parse_challenge(
        f'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="{NONCE}", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41", algorithm=MD5'
    )
    assert challenge == Challenge(
        realm="testrealm@host.com",
        nonce=NONCE,
        opaque="5ccc069c403ebaf9f0171e9517f40e41",
        has_qop=True,
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        'Basic realm="asterisk"',
        'Digest realm="asterisk"',
        'Digest realm="asterisk", nonce="1", algorithm=SHA-256',
        'Digest realm="asterisk", nonce="1", qop="auth-int"',
    ],
)
def test_what_cannot_be_answered_is_refused(value: str) -> None:
    with pytest.raises(MalformedMessageError, match="not a challenge"):
        parse_challenge(value)


def test_the_answer_is_the_one_of_the_standard() -> None:
    challenge = Challenge("testrealm@host.com", NONCE, has_qop=True)
    answer = MUFASA.authorization(challenge, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer
    assert "qop=auth, nc=00000001" in answer


def test_without_quality_of_protection_there_is_no_cnonce() -> None:
    challenge = Challenge("testrealm@host.com", NONCE)
    answer = MUFASA.authorization(challenge, method="GET", uri="/dir/index.html", cnonce="0a4f113b")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in answer
    assert "cnonce" not in answer


def test_the_opaque_value_is_sent_back() -> None:
    challenge = Challenge("r", "n", opaque="keep this")
    answer = MUFASA.authorization(challenge, method="GET", uri="/", cnonce="c")
    assert 'opaque="keep this"' in answer


@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [
        (401, "WWW-Authenticate", "Authorization"),
        (407, "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
def test_each_challenge_has_its_own_answer(status: int, asks: str, answers: str) -> None:
    challenge = Response(
        headers=((asks, 'Digest realm="r", nonce="n"'),), status=status, reason="Who is it?"
    )
    name, value = MUFASA.answer(challenge, method="REGISTER", uri="sip:h")
    assert name == answers
    assert value.startswith('Digest username="Mufasa", realm="r", nonce="n", uri="sip:h"')
