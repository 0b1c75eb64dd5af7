from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.markup import Markup, attribute, element, flaw, quoted, serialised, text

pytestmark = pytest.mark.unit

anything = st.text(alphabet=st.characters(exclude_categories=[]))
"""Surrogates and control characters included."""


def test_an_element_is_written_with_its_attributes_and_content() -> None:
    inner = element("b", None, text("1 < 2"))
    assert element("a", {"xmlns": "urn:x", "k": "v", "none": None}, inner) == (
        "<a xmlns='urn:x' k='v'><b>1 &lt; 2</b></a>"
    )


def test_an_element_without_content_is_empty() -> None:
    assert element("a") == "<a/>"


@given(anything)
def test_whatever_is_written_as_text_is_well_formed(value: str) -> None:
    assert flaw(element("a", None, text(value))) is None


@given(anything)
def test_whatever_is_written_as_attribute_is_well_formed(value: str) -> None:
    assert flaw(element("a", {"k": value})) is None
    assert flaw(f"<a k='{attribute(value)}'/>") is None


legal = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r'\"<>&")
)


@given(legal)
def test_what_xml_can_carry_arrives_as_it_was(value: str) -> None:
    root = ET.fromstring(element("a", {"k": value}, text(value)))
    assert (root.get("k"), root.text or "") == (value, value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "'plain'"),
        ("it's", '"it\'s"'),
        ('"a"', "'\"a\"'"),
        ('it\'s "a"', "'it&#39;s \"a\"'"),
        ("'it' \"", "\"'it' &#34;\""),
        ("a > b", "'a > b'"),
        ("a < b & c", "'a &lt; b &amp; c'"),
        ("a\tb\nc\rd", "'a&#9;b&#10;c&#13;d'"),
    ],
)
def test_an_attribute_is_in_the_quotes_in_which_it_is_shorter(value: str, written: str) -> None:
    assert quoted(value) == written


REFERENCES = "amp #38 lt #60 #x3c gt #9 #xA #13 apos #39 quot #34 #x1f4de"
SPELLINGS = [*"a>]'\"\u00e9", *(f"&{name};" for name in REFERENCES.split())]


@given(st.lists(st.sampled_from(SPELLINGS)), st.sampled_from("'\""))
def test_nobody_writes_an_attribute_shorter(spelt: list[str], quote: str) -> None:
    sent = "".join(spelling for spelling in spelt if spelling != quote)
    value = ET.fromstring(f"<a k={quote}{sent}{quote}/>").get("k", "")
    assert len(quoted(value).encode()) <= len(f"{quote}{sent}{quote}".encode())


@given(st.lists(st.sampled_from(["]", "]]", ">", "]]>", "a", "<", "\r"])))
def test_text_joins_to_text(parts: list[str]) -> None:
    whole = element("a", None, *map(text, parts))
    assert (ET.fromstring(whole).text or "") == "".join(parts)


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert text("a\x00b\x0bc\ufffed\ud800e") == "a\ufffdb\ufffdc\ufffdd\ufffde"


@pytest.mark.parametrize(
    "markup",
    [
        "<!-- comment -->",
        "<?instruction?>",
        "<!DOCTYPE a>",
        "<a>",
        "</content>",
        "</content><content>",
        "<a/></stream>",
        "<a b='1' b='2'/>",
        "<x:a/>",
        "&nbsp;",
        "&#1;",
        "\x01",
        "\ufffe",
        "\ud800",
        "a & b",
    ],
)
def test_what_would_end_a_stream_is_found(markup: str) -> None:
    assert flaw(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "text",
        "<a/>text<b/>",
        "<x:a xmlns:x='urn:x'/>",
        "<a xmlns='not a URI'/>",
        "<![CDATA[<]]>",
        "<call/>" * 9,
    ],
)
def test_what_a_stream_can_carry_has_no_flaw(markup: str) -> None:
    assert flaw(Markup(markup)) is None


XML = "{http://www.w3.org/XML/1998/namespace}"
names = st.sampled_from(["a", "b", "{urn:x}a", "{urn:y}b", "{not a URI}a", f"{XML}a"])
values = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


def parsed(tag: str, attributes: dict[str, str], content: str, tail: str) -> ET.Element:
    made = ET.Element(tag, attributes)
    made.text, made.tail = content, tail
    return made


leaves = st.builds(parsed, names, st.dictionaries(names, values, max_size=2), values, values)
trees = st.recursive(
    leaves,
    lambda children: st.builds(
        lambda root, inner: [root.extend(inner), root][1], leaves, st.lists(children, max_size=3)
    ),
    max_leaves=6,
)


@given(trees)
def test_what_was_parsed_is_written_as_it_means(root: ET.Element) -> None:
    root.tail = None
    written = serialised(root)
    assert flaw(written) is None
    canonical = ET.canonicalize(ET.tostring(root, encoding="unicode"), rewrite_prefixes=True)
    assert ET.canonicalize(written, rewrite_prefixes=True) == canonical


def test_depth_costs_no_stack() -> None:
    depth = 50_000
    deep = "<a>" * depth + "</a>" * depth
    assert serialised(ET.fromstring(deep)) == deep.replace("<a>", "<a xmlns=''>", 1)
