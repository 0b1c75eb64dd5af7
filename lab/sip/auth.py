"""Digest authentication (RFC 3261 section 22, RFC 2617), as Asterisk asks for it."""

import re
from dataclasses import dataclass
from hashlib import md5

from lab.sip.errors import MalformedMessageError
from lab.sip.message import Header, Response, token

CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
"""Status of a challenge → (the header that asks, the header that answers)."""

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server wants to be hashed."""

    realm: str
    nonce: str
    opaque: str = ""
    has_qop: bool = False
    """Whether quality of protection `auth` is offered; it brings cnonce and nc into the hash."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password."""

    user: str
    password: str

    def answer(self, response: Response, *, method: str, uri: str) -> Header:
        """Return the header with which to repeat a request that got 401 or 407.

        Raises `MalformedMessageError` if the challenge cannot be answered.
        """
        asks, answers = CHALLENGES[response.status]
        challenge = parse_challenge(response.get(asks))
        return answers, self.authorization(challenge, method=method, uri=uri, cnonce=token())

    def authorization(self, challenge: Challenge, *, method: str, uri: str, cnonce: str) -> str:
        """Return the value of the header that answers a challenge."""
        count = "00000001"
        secret = _hash(f"{self.user}:{challenge.realm}:{self.password}")
        subject = _hash(f"{method}:{uri}")
        fields = {
            "username": self.user,
            "realm": challenge.realm,
            "nonce": challenge.nonce,
            "uri": uri,
        }
        if challenge.opaque:
            fields["opaque"] = challenge.opaque
        if challenge.has_qop:
            fields["cnonce"] = cnonce
            middle = f"{challenge.nonce}:{count}:{cnonce}:auth"
            unquoted = f", algorithm=MD5, qop=auth, nc={count}"
        else:
            middle = challenge.nonce
            unquoted = ", algorithm=MD5"
        fields["response"] = _hash(f"{secret}:{middle}:{subject}")
        return "Digest " + ", ".join(f'{k}="{v}"' for k, v in fields.items()) + unquoted


def parse_challenge(value: str) -> Challenge:
    """Read a WWW-Authenticate or Proxy-Authenticate header.

    Raises `MalformedMessageError` for anything but MD5 with `qop=auth` or without qop.
    """
    scheme, _, parameters = value.partition(" ")
    found = {
        match[1].lower(): match[3] if match[2] is None else match[2]
        for match in _PARAMETER.finditer(parameters)
    }
    offered = found.get("qop", "")
    if (
        scheme.lower() != "digest"
        or not {"realm", "nonce"} <= found.keys()
        or found.get("algorithm", "MD5").upper() != "MD5"
        or (offered and "auth" not in re.split(r"[,\s]+", offered))
    ):
        raise MalformedMessageError(f"not a challenge that this phone can answer: {value!r}")
    return Challenge(found["realm"], found["nonce"], found.get("opaque", ""), bool(offered))


def _hash(text: str) -> str:
    # SIP's digest is MD5; it guards nothing here but the lab's own phones.
    return md5(text.encode(), usedforsecurity=False).hexdigest()
