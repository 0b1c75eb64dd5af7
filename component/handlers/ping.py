"""Ping (XEP-0199)."""

from component.handlers.namespaces import PING
from component.handlers.stanza import Engine, IqRequest, Routes, check_address, qualified
from component.markup import NOTHING, Markup

FEATURES = (PING,)


class PingHandlers:
    """Answers at every address that exists."""

    def __init__(self, engine: Engine, domain: str) -> None:
        self._engine = engine
        self._domain = domain
        self.routes: Routes = {("get", qualified(PING, "ping")): self._ping}

    async def _ping(self, request: IqRequest) -> Markup:
        await check_address(self._engine, self._domain, request.address)
        return NOTHING
