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
from lab.xmpp_server import HOST

Subscriber = tuple[str, str]
"""A node and a JID."""

LINKS = 10_000
"""Names that a file is given; file systems allow some tens of thousands (link(2), EMLINK)."""


def write_prosody_store(directory: Path, subscribers: Iterable[Subscriber], *, items: bool) -> None:
    """Write the files that Prosody would have: a node with one subscriber each, and its item.

    `directory` is the server's.
    """
    store = directory / "data" / PERSISTENT.replace(".", "%2e")
    (store / "pubsub_nodes").mkdir(parents=True)
    payload = ET.fromstring(PAYLOAD)  # noqa: S314 our own
    stored_item = _lua(payload, {"key": "current", "when": 1764079200, "with": ADMIN})
    for number, (node, jid) in enumerate(subscribers):
        text = (
            f"return {{ name = {json.dumps(node)}, config = {{}};"
            f" affiliations = {{ [{json.dumps(ADMIN)}] = 'owner' }};"
            f" subscribers = {{ [{json.dumps(jid)}] = true }} }};\n"
        )
        (store / "pubsub_nodes" / f"{node}.dat").write_text(text)
        if items:
            # All are alike, and nobody writes to them: one file by many names is made much faster.
            same = store / f"item{number // LINKS}"
            if not number % LINKS:
                same.write_text(f"item({stored_item});\n")
            (store / f"pubsub_{node}.list").hardlink_to(same)


def write_ejabberd_nodes(directory: Path, subscribers: Iterable[Subscriber]) -> None:
    """Write the file that `ejabberd_script` reads. `directory` is the server's."""
    lines = (f"{node} {jid}\n" for node, jid in subscribers)
    (directory / "nodes").write_text("".join(lines))


def ejabberd_script(*, items: bool) -> str:
    """Return Erlang expressions that make nodes in its Mnesia tables, from the file `nodes`.

    The first is made by the functions of mod_pubsub itself; what these have written is written
    again for all others, with their names, numbers and subscribers. Meanwhile the tables are in
    memory alone, and go to the disk at once in the end: one by one, 100,000 would take minutes.
    """
    publish = f"""
    {{result, _}} = mod_pubsub:publish_item(Service, {_binary(HOST)}, First, Owner, <<"current">>,
        [fxml_stream:parse_element({_binary(PAYLOAD)})]),
    """
    return f"""
    Service = {_binary(PERSISTENT)},
    Owner = jid:decode({_binary(f"{ADMIN}/desk")}),
    {{ok, File}} = file:read_file("nodes"),
    Lines = binary:split(File, <<"\\n">>, [global, trim]),
    [[First, Subscriber] | Others] = [binary:split(Line, <<" ">>) || Line <- Lines],
    Jid = jid:decode(Subscriber),
    {{result, _}} =
        mod_pubsub:create_node(Service, {_binary(HOST)}, First, Owner, <<"flat">>),
    {{result, _}} = mod_pubsub:subscribe_node(Service, First, Jid, Jid, []),
    {publish if items else ""}
    [{{pubsub_node, _, Number, Parents, Type, Owners, Options}}] =
        mnesia:dirty_read(pubsub_node, {{Service, First}}),
    States = mnesia:dirty_match_object({{pubsub_state, {{'_', Number}}, '_', '_', '_', '_'}}),
    Items = mnesia:dirty_match_object({{pubsub_item, {{'_', Number}}, '_', '_', '_', '_'}}),
    Known = jid:tolower(Jid),
    Kinds = [{{Table, mnesia:table_info(Table, storage_type)}}
        || Table <- [pubsub_node, pubsub_state, pubsub_item]],
    Change = fun(Table, Kind) ->
        {{atomic, ok}} = mnesia:change_table_copy_type(Table, node(), Kind)
    end,
    [Change(Table, ram_copies) || {{Table, _}} <- Kinds],
    Last = lists:foldl(fun([Node, Other], Before) ->
        Next = Before + 1,
        mnesia:dirty_write(
            {{pubsub_node, {{Service, Node}}, Next, Parents, Type, Owners, Options}}),
        [mnesia:dirty_write({{pubsub_state,
            {{case Who of Known -> jid:tolower(jid:decode(Other)); _ -> Who end, Next}},
            Next, Ids, Affiliation, Subscriptions}})
         || {{pubsub_state, {{Who, _}}, _, Ids, Affiliation, Subscriptions}} <- States],
        [mnesia:dirty_write({{pubsub_item, {{Id, Next}}, Next, Made, Changed, Content}})
         || {{pubsub_item, {{Id, _}}, _, Made, Changed, Content}} <- Items],
        Next
    end, Number, Others),
    [Change(Table, Kind) || {{Table, Kind}} <- Kinds],
    [{{pubsub_index, node, Number, Free}}] = mnesia:dirty_read(pubsub_index, node),
    mnesia:dirty_write({{pubsub_index, node, Last, Free}}),
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
