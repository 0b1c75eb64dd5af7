"""Nodes in the stores of Prosody's and ejabberd's mod_pubsub, made without going through XMPP.

As many as are measured would take them minutes to make.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as ET

from lab.bench_pubsub.addresses import ADMIN, PERSISTENT
from lab.bench_pubsub.stanzas import PAYLOAD
from lab.template import write_private
from lab.xmpp_server import HOST

Subscriber = tuple[str, str]
"""A node and a JID."""


def write_prosody_store(directory: Path, subscribers: Iterable[Subscriber], *, items: bool) -> None:
    """Write the files that Prosody would have: a node with one subscriber each, and its item.

    `directory` is the server's.
    """
    store = directory / "data" / PERSISTENT.replace(".", "%2e")
    payload = ET.fromstring(PAYLOAD)  # noqa: S314 our own
    stored_item = _lua(payload, {"key": "current", "when": 1764079200, "with": ADMIN})
    for node, jid in subscribers:
        text = (
            f"return {{ name = {json.dumps(node)}, config = {{}};"
            f" affiliations = {{ [{json.dumps(ADMIN)}] = 'owner' }};"
            f" subscribers = {{ [{json.dumps(jid)}] = true }} }};\n"
        )
        write_private(store / "pubsub_nodes" / f"{node}.dat", text)
        if items:
            write_private(store / f"pubsub_{node}.list", f"item({stored_item});\n")


def ejabberd_script(count: int, jid: str) -> str:
    """Return Erlang expressions that make nodes, each with one subscriber and one item.

    The nodes are called node0 and so on.
    """
    return f"""
    Owner = jid:decode({_binary(f"{ADMIN}/desk")}),
    Jid = jid:decode({_binary(jid)}),
    Payload = [fxml_stream:parse_element({_binary(PAYLOAD)})],
    [begin
        Node = <<"node", (integer_to_binary(Number))/binary>>,
        {{result, _}} = mod_pubsub:create_node(
            {_binary(PERSISTENT)}, {_binary(HOST)}, Node, Owner, <<"flat">>),
        {{result, _}} = mod_pubsub:subscribe_node({_binary(PERSISTENT)}, Node, Jid, Jid, []),
        {{result, _}} = mod_pubsub:publish_item(
            {_binary(PERSISTENT)}, {_binary(HOST)}, Node, Owner, <<"current">>, Payload)
     end || Number <- lists:seq(0, {count - 1})],
    """


def _lua(element: ET.Element, more: Mapping[str, str | int] = MappingProxyType({})) -> str:
    """Return an element as Prosody writes it: attributes and children in one Lua table."""
    namespace, _, name = element.tag[1:].partition("}")
    parts = [f"attr = {_table({'xmlns': namespace, **element.attrib})}"]
    parts += [f"[{json.dumps(key)}] = {json.dumps(value)}" for key, value in more.items()]
    parts += [json.dumps(element.text)] if element.text else []
    parts += [_lua(child) for child in element]
    return f"{{ name = {json.dumps(name)}; {'; '.join(parts)} }}"


def _table(values: dict[str, str]) -> str:
    entries = (f"[{json.dumps(key)}] = {json.dumps(value)}" for key, value in values.items())
    return f"{{ {', '.join(entries)} }}"


def _binary(text: str) -> str:
    """Return an Erlang binary; a JSON string of ASCII characters is an Erlang string as well."""
    return f"<<{json.dumps(text)}>>"
