"""slixmpp, without the traps that a program meets which stays connected for long."""

import asyncio
from collections.abc import Iterable
from typing import Any

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqTimeout

from component.stream_parser import StreamParser


class Client(ClientXMPP):
    """A user's client, for one connection after another.

    With `plaintext` it does without TLS, without it never.
    """

    def __init__(self, jid: str, password: str, *, plaintext: bool = False) -> None:
        login = {"unencrypted_scram": plaintext, "security_callback": self._security}
        super().__init__(jid, password, plugin_config={"feature_mechanisms": login})
        self.enable_plaintext = plaintext
        self.enable_starttls = self.enable_direct_tls = not plaintext
        self.auto_authorize = None  # who sees the user's presence is not ours to decide
        self.register_plugin("xep_0199")  # answers pings

    def init_parser(self) -> None:
        """Begin to parse a stream; called by slixmpp."""
        super().init_parser()
        self.parser = StreamParser()  # type: ignore[assignment]  # it has all that is used

    def _security(self, asked: Iterable[str]) -> dict[str, Any]:
        """Return what is asked about the connection; called by slixmpp before it logs in.

        It would say that it could bind the login to the encryption (RFC 5802 §6) also where there
        is none, or none that Python can bind to. Of the servers ejabberd 24 refuses that.
        """
        mechanisms: Any = self.plugin["feature_mechanisms"]
        security: dict[str, Any] = mechanisms._default_security(asked)
        known = mechanisms._default_credentials(set(), {"channel_binding"})
        if known["channel_binding"] is None:
            security["binding_proposed"] = True  # slixmpp then says that it cannot
        return security

    async def answer(self, request: "asyncio.Future[Any]") -> Any:
        """Wait for the answer to a request, but no longer than the connection lasts.

        slixmpp would wait for as long as the request may take. Raises `ConnectionError`,
        `TimeoutError` or slixmpp's `IqError`.
        """
        try:
            if self.is_connected():
                either = {request, self.disconnected}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not request.done():
                raise ConnectionError("the connection is lost")
            return request.result()
        except IqTimeout:
            raise TimeoutError from None
        finally:
            request.cancel()

    async def leave(self) -> None:
        """Be neither connected nor connecting, nor have anything run that belongs to that."""
        self.cancel_connection_attempt()
        if self.is_connected():
            await self.disconnect(wait=1.0)
        if self._run_out_filters:
            self._run_out_filters.cancel()  # slixmpp would let this task run for ever
