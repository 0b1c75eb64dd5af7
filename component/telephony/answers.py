"""What Asterisk answers to a request, whichever way it came."""

from typing import NamedTuple

import orjson

from component.telephony.errors import AriError


class AriResponse(NamedTuple):
    """A successful answer. `body` is the decoded JSON, None if there was none."""

    status: int
    content: str
    body: object

    async def text(self) -> str:
        """Return the undecoded body; the form in which aioswagger11 asks for it."""
        return self.content


def answer(status: int, reason: str | None, content: str) -> AriResponse:
    """Return what was answered. Raises `AriError` for any status but 2xx, and if it is not JSON."""
    if not 200 <= status < 300:
        raise AriError(status, _complaint(content) or reason or "refused")
    return AriResponse(status, content, _decoded(status, content))


def _complaint(content: str) -> str:
    """Return Asterisk's own words for why it refused: under `message`, in places `error`."""
    try:
        body = orjson.loads(content)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    return str(body.get("message") or body.get("error") or "")


def _decoded(status: int, content: str) -> object:
    if not content:
        return None
    try:
        body: object = orjson.loads(content)
    except ValueError:
        raise AriError(status, "the answer is not JSON: is this an Asterisk?") from None
    return body
