"""Entity capabilities (XEP-0115): what users' software wants, learned once for all of its kind."""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from xml.etree import ElementTree as ET

from component.handlers.namespaces import CAPS, DISCO_INFO, FORM
from component.handlers.stanza import qualified
from component.markup import Markup, element
from component.pubsub.addresses import PREFIX
from component.pubsub.audience import CALLS

K = TypeVar("K")
V = TypeVar("V")

FEATURES = (CAPS,)

HASHES: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {
    "sha-1": hashlib.sha1,
    "sha-224": hashlib.sha224,
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}

MAX_KNOWN = 1000
"""Kinds of software that are remembered; those not met for the longest time are forgotten."""

MAX_ASKED = 10_000
"""Questions that may be open; some software never answers."""

MAX_WANTS = 100
"""Names that one kind of software may want to be notified of."""

MAX_NAME = 1023
"""Characters of each attribute, as of a part of a JID."""

OWN_NODE = "urn:ivr-pubsub"
"""Names our own software."""

_NOTIFY = "+notify"

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_SEPARATOR = "<"
"""What stands between the parts of what is hashed."""


@dataclass(frozen=True, slots=True)
class Advertised:
    """What presence says of its sender's capabilities."""

    node: str
    ver: str
    hash: str | None
    """None in the form that this had before version 1.4 of the specification."""

    @property
    def name(self) -> str:
        """What to ask about."""
        return f"{self.node}#{self.ver}"

    @property
    def is_verifiable(self) -> bool:
        """Whether the answer can be checked, so that it holds for all who advertise the same."""
        return self.hash in HASHES


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: whom, from which address, about what."""

    address: str
    jid: str
    about: Advertised


@dataclass(frozen=True, slots=True)
class Learned:
    """What the answer to a question says."""

    question: Question
    wants: frozenset[str]


class Capabilities:
    """What is known of kinds of software. `new_id` makes the ids of requests."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._known: OrderedDict[tuple[str | None, str], frozenset[str]] = OrderedDict()
        self._asked: OrderedDict[str, Question] = OrderedDict()

    def wants(self, advertised: Advertised) -> frozenset[str] | None:
        """Return what software with these capabilities wants, None if it is not known."""
        key = (advertised.hash, advertised.ver)
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    def ask(self, question: Question) -> Markup:
        """Return the request that asks for it (§6.2).

        Each resource is asked, not one of each kind: one that lies or is silent then harms only
        itself.
        """
        asked_id = f"caps-{self._new_id()}"
        self._asked[asked_id] = question
        _trim(self._asked, MAX_ASKED)
        addresses = {"type": "get", "id": asked_id, "from": question.address, "to": question.jid}
        query = element("query", {"xmlns": DISCO_INFO, "node": question.about.name})
        return element("iq", addresses, query)

    def answered(self, iq: ET.Element) -> Learned | None:
        """Take an answer; return what is learned from it, None if it is nothing to rely on."""
        question = self._asked.get(iq.get("id", ""))
        if question is None or (iq.get("from"), iq.get("to")) != (question.jid, question.address):
            return None
        del self._asked[iq.get("id", "")]
        query = iq.find(qualified(DISCO_INFO, "query"))
        if iq.get("type") != "result" or query is None:
            return None
        about = question.about
        if not about.is_verifiable:
            return Learned(question, _wants(_features(query)))
        hashed = hashed_text(query)
        if hashed is None or digest(hashed, about.hash or "") != about.ver:
            return None
        # What is hashed says it, not the answer: two that differ may have the same hash (§5.1 puts
        # features and forms in a row), and what one says must not pass for what the other wants.
        wants = _wants(hashed.split(_SEPARATOR))
        self._known[about.hash, about.ver] = wants
        _trim(self._known, MAX_KNOWN)
        return Learned(question, wants)


class OwnCapabilities:
    """What one kind of our addresses says of itself, and in presence as a hash of that.

    All extensions say the same, so that software has to ask only one of them.
    """

    def __init__(self, description: Markup) -> None:
        self.description = description
        """What an answer to disco#info contains."""
        query = ET.fromstring(element("query", {"xmlns": DISCO_INFO}, description))  # noqa: S314 - ours
        ver = verification(query, "sha-1") or ""
        attributes = {"xmlns": CAPS, "hash": "sha-1", "node": OWN_NODE, "ver": ver}
        self.advertised = element("c", attributes)
        """What presence contains."""
        self.name = f"{OWN_NODE}#{ver}"
        """By which the description is asked for."""


def advertised_in(presence: ET.Element) -> Advertised | None:
    """Return the capabilities that presence advertises, None if it does not, or not properly."""
    found = presence.findall(qualified(CAPS, "c"))
    if len(found) != 1:
        return None
    node, ver, hash_ = (found[0].get(name, "") for name in ("node", "ver", "hash"))
    if not node or not ver or max(map(len, (node, ver, hash_))) > MAX_NAME:
        return None
    return Advertised(node, ver, hash_ or None)


def verification(query: ET.Element, hash_: str) -> str | None:
    """Return the verification string of an answer (§5.1); None if it is ill-formed (§5.4)."""
    text = hashed_text(query)
    return None if text is None else digest(text, hash_)


def digest(text: str, hash_: str) -> str:
    """Return the hash of a text as presence has it."""
    return base64.b64encode(HASHES[hash_](text.encode(errors="replace")).digest()).decode()


def hashed_text(query: ET.Element) -> str | None:
    """Return the text of an answer that is hashed (§5.1); None if it is ill-formed (§5.4).

    It is ill-formed if it says something twice, or has the separator in what it says.
    """
    identities = [
        tuple(identity.get(name, "") for name in ("category", "type", _LANGUAGE, "name"))
        for identity in query.iterfind(qualified(DISCO_INFO, "identity"))
    ]
    features = _features(query)
    forms = [_form(form) for form in query.iterfind(qualified(FORM, "x"))]
    typed = [(types, fields) for types, fields in forms if types]
    types = [type_ for several, _ in typed for type_ in several]
    if any(_has_repetition(said) for said in (identities, features, types)):
        return None
    # Code points sort as their encoding in UTF-8 does.
    parts = [*map("/".join, sorted(identities)), *sorted(features)]
    for several, fields in sorted(typed):
        parts += [*several, *fields]
    if len(types) > len(typed) or any(_SEPARATOR in part for part in parts):
        return None
    return "".join(f"{part}{_SEPARATOR}" for part in parts)


def _form(form: ET.Element) -> tuple[list[str], list[str]]:
    """Return the types of a form, of which it should have one or none, and what else is hashed."""
    types: set[str] = set()
    fields = []
    for field in form.iterfind(qualified(FORM, "field")):
        values = sorted(value.text or "" for value in field.iterfind(qualified(FORM, "value")))
        var = field.get("var", "")
        if var != "FORM_TYPE":
            fields.append([var, *values])
        elif field.get("type") == "hidden":
            types.update(values)
    return sorted(types), [part for field in sorted(fields) for part in field]


def _features(query: ET.Element) -> list[str]:
    found = query.iterfind(qualified(DISCO_INFO, "feature"))
    return [feature.get("var", "") for feature in found]


def _wants(features: Iterable[str]) -> frozenset[str]:
    """Return what of ours software wants to be notified of, by the features that it has."""
    names = (f.removesuffix(_NOTIFY) for f in features if f.endswith(_NOTIFY))
    ours = [name for name in names if name == CALLS or name.startswith(PREFIX)]
    return frozenset(ours[:MAX_WANTS])


def _has_repetition(values: Iterable[Hashable]) -> bool:
    listed = list(values)
    return len(set(listed)) < len(listed)


def _trim(table: OrderedDict[K, V], most: int) -> None:
    while len(table) > most:
        table.popitem(last=False)
