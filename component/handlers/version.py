"""Software version (XEP-0092)."""

from component.handlers.namespaces import VERSION
from component.handlers.stanza import Engine, IqRequest, Routes, check_address, qualified
from component.markup import Markup, element, text

FEATURES = (VERSION,)

NAME = "ivr-pubsub"


class VersionHandlers:
    """Says what runs here, at every address that exists."""

    def __init__(self, engine: Engine, domain: str, version: str) -> None:
        self._engine = engine
        self._domain = domain
        self._answer = element(
            "query",
            {"xmlns": VERSION},
            element("name", None, text(NAME)),
            element("version", None, text(version)),
        )
        self.routes: Routes = {("get", qualified(VERSION, "query")): self._version}

    async def _version(self, request: IqRequest) -> Markup:
        await check_address(self._engine, self._domain, request.address)
        return self._answer
