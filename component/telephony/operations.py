"""ARI's operations, made into requests by the API description that aioari has read.

aioswagger11 calls them itself, but puts each request together from the description anew, with a
line for debugging that nobody reads: that cost more than to make the request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import orjson

JSON: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})


class Request(NamedTuple):
    """One request: what `AriRequests.request` takes."""

    method: str
    url: str
    params: Mapping[str, object]
    data: str | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """What can be asked of Asterisk."""

    method: str
    url: str
    """With the names of parameters in braces."""
    places: Mapping[str, str]
    """Where each parameter goes: `path`, `query` or `body`."""

    def request(self, arguments: Mapping[str, object]) -> Request:
        """Return the request with these arguments. Raises `KeyError` if one is none of ours."""
        url, params, body = self.url, dict[str, object](), dict[str, object]()
        for name, value in arguments.items():
            given = ",".join(value) if isinstance(value, list) else value
            match self.places[name]:
                case "path":
                    url = url.replace(f"{{{name}}}", quote_plus(str(given)))
                case "query":
                    params[name] = given
                case "body":
                    body[name] = given
        data = orjson.dumps(body).decode() if body else None
        return Request(self.method, url, params, data, JSON if body else {})


def operations(declaration: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Yield the operations of an API declaration, by name. Raises `LookupError` or `TypeError`."""
    for api in declaration["apis"]:
        for operation in api["operations"]:
            places = {p["name"]: p["paramType"] for p in operation.get("parameters", ())}
            url = declaration["basePath"] + api["path"]
            yield operation["nickname"], Operation(operation["httpMethod"], url, places)
