"""What the component itself asks of the server and of others."""

import asyncio
import secrets
from xml.etree import ElementTree as ET

from component.markup import Markup, element
from component.xmpp.outbound import Wire


class Requests:
    """Requests under way on one connection."""

    def __init__(self, wire: Wire, domain: str, patience: float) -> None:
        """`patience` is how many seconds an answer may take."""
        self._wire = wire
        self._domain = domain
        self._patience = patience
        self._waiting: dict[tuple[str, str], asyncio.Future[ET.Element]] = {}
        """By whom was asked, and the id."""

    async def ask(self, to: str, content: Markup) -> ET.Element | None:
        """Send a request of type get; return the result, None if there is an error or none."""
        key = to, f"ask-{secrets.token_hex(8)}"
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        attributes = {"type": "get", "id": key[1], "from": self._domain, "to": to}
        self._wire.write(element("iq", attributes, content).encode())
        try:
            stanza = await asyncio.wait_for(answer, self._patience)
        except TimeoutError:
            return None
        finally:
            del self._waiting[key]
        return stanza if stanza.get("type") == "result" else None

    def answered(self, stanza: ET.Element) -> bool:
        """Tell whether this stanza answers one of the requests; if so, it has done its work."""
        answer = self._waiting.get((stanza.get("from", ""), stanza.get("id", "")))
        if answer is None or stanza.get("type") not in ("result", "error"):
            return False
        if not answer.done():
            answer.set_result(stanza)
        return True
