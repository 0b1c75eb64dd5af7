"""Streams, as users can have their servers write them."""

from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component import stream_parser
from component.stream_parser import StreamParser

pytestmark = pytest.mark.unit

STREAM = "<?xml version='1.0'?><s:stream xmlns:s='urn:s' xmlns='urn:d' xml:lang='en'>"
XML = "http://www.w3.org/XML/1998/namespace"


def read(*pieces: str) -> list[ET.Element]:
    """Return the children of the root."""
    parser = StreamParser()
    events: list[tuple[str, ET.Element]] = []
    for piece in (STREAM, *pieces):
        parser.feed(piece)
        events += parser.read_events()
    (begun, root), *inside = events
    assert (begun, root.tag, root.attrib) == ("start", "{urn:s}stream", {f"{{{XML}}}lang": "en"})
    assert [event for event, _ in inside] == ["start", "end"] * (len(inside) // 2)
    return [element for event, element in inside if event == "end"]


def test_the_end_of_the_stream_is_told() -> None:
    parser = StreamParser()
    parser.feed(f"{STREAM}<a/></s:stream>")
    assert [event for event, _ in parser.read_events()] == ["start", "start", "end", "end"]


@pytest.mark.parametrize("broken", ["<a></b>", "<a b='1' b='2'/>", "&nbsp;<a/>", "<a b=1/>"])
def test_what_is_no_xml_is_said_to_be_none(broken: str) -> None:
    with pytest.raises(ET.ParseError):
        read(broken)


READ = {
    "a namespace that ElementTree does not take": ("<x xmlns='a}b'/>", "{a%7Db}x"),
    "such a prefix": ("<p:x xmlns:p='it&apos;s}>'/>", "{it's%7D>}x"),
    "XML's own for a name": ("<xml:x/>", f"{{{XML}}}x"),
    "XML's own as the default": (
        f"<x xmlns='{XML}'/>",
        "{http://www.w3.org/%58ML/1998/namespace}x",
    ),
    "XML's own declared": (f"<x xmlns:xml='{XML}'/>", "{urn:d}x"),
    "XML's prefix for another": ("<xml:x xmlns:xml='urn:x'/>", f"{{{XML}}}x"),
    "what is no URI": ("<x xmlns='not a URI'/>", "{not a URI}x"),
    "none": ("<x xmlns=''/>", "x"),
    "a prefix that is not declared": ("<p:x/>", "{p}x"),
    "a name of two prefixes": ("<p:q:x/>", "{p:q}x"),
    "a prefix that is taken back": ("<p:x xmlns:p=''/>", "x"),
}


@pytest.mark.parametrize(("written", "tag"), READ.values(), ids=READ)
def test_no_namespace_ends_the_stream(written: str, tag: str) -> None:
    assert [element.tag for element in read(f"{written}<next/>")] == [tag, "{urn:d}next"]


def test_attributes_are_what_they_are() -> None:
    (x,) = read("<x xmlns:id='urn:id' id='1' id:id='2' p:id='3' xmlns='urn:x' y='a}b'/>")
    assert x.attrib == {"id": "1", "{urn:id}id": "2", "{p}id": "3", "y": "a}b"}


def test_a_declaration_is_over_with_its_element() -> None:
    inner = "<p:z xmlns:p='urn:q'/><p:z/>"
    (x,) = read(f"<x><p:y xmlns:p='urn:p' xmlns='urn:y'>{inner}</p:y><p:w/></x>")
    assert [element.tag for element in x.iter()] == [
        "{urn:d}x", "{urn:p}y", "{urn:q}z", "{urn:p}z", "{p}w",
    ]  # fmt: skip


names = st.sampled_from(["a", "p:a", "q:b"])
declarations = st.dictionaries(
    st.sampled_from(["xmlns", "xmlns:p", "xmlns:q"]), st.sampled_from(["urn:x", "urn:y"])
)
attributes = st.dictionaries(st.sampled_from(["k", "p:k", "xml:lang"]), st.sampled_from(["", "}"]))


def element(name: str, declared: dict[str, str], others: dict[str, str], content: list[str]) -> str:
    written = "".join(f" {key}='{value}'" for key, value in (declared | others).items())
    return f"<{name}{written}>{''.join(content)}</{name}>"


texts = st.sampled_from(["text", " ", "&gt;]", "{}"])
elements = st.recursive(
    st.builds(element, names, declarations, attributes, st.lists(texts, max_size=1)),
    lambda inner: st.builds(
        element, names, declarations, attributes, st.lists(inner | texts, max_size=4)
    ),
    max_leaves=8,
)


@given(elements, st.lists(st.integers(0, 400), max_size=5))
def test_all_else_is_read_as_elementtree_reads_it(written: str, cuts: list[int]) -> None:
    written = element("a", {"xmlns:p": "urn:x", "xmlns:q": "urn:y"}, {}, [written])
    pieces = [written[a:b] for a, b in pairwise([0, *sorted(cuts), len(written)])]
    (found,) = read(*pieces)
    expected = ET.fromstring(f"<s:stream xmlns:s='urn:s' xmlns='urn:d'>{written}</s:stream>")[0]
    assert ET.tostring(found) == ET.tostring(expected)


def test_names_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of 100 KB takes a megabyte, and anybody can make up names."""
    made: list[object] = []
    create = expat.ParserCreate

    def noted(**settings: Any) -> expat.XMLParserType:
        made.append(settings)
        return create(**settings)

    monkeypatch.setattr(expat, "ParserCreate", noted)
    monkeypatch.setattr(stream_parser, "LIFETIME", 1_000)
    many = [f"<x{number}>{'x' * 300}</x{number}>" for number in range(10)]
    cut = f"<p:y xmlns:p='urn:p' z='{'>' * 1_000}"
    found = read(*many, cut, "'>", "x" * 2_000, "<p:z/>", "</p:y>")
    assert [element.tag for element in found[:-1]] == [f"{{urn:d}}x{n}" for n in range(10)]
    assert [element.tag for element in found[-1].iter()] == ["{urn:p}y", "{urn:p}z"]
    assert len(made) == 4
