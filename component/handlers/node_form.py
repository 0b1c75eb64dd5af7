"""The configuration of a node as a form (XEP-0060 §16.4.4), and what of it everybody sees."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from component.handlers.forms import (
    AccessModelError,
    Field,
    FormError,
    Values,
    boolean,
    form_markup,
    single,
)
from component.handlers.jids import read_jid
from component.handlers.languages import LANGUAGES, is_language
from component.handlers.namespaces import PUBSUB
from component.handlers.times import written_time
from component.markup import Markup
from component.pubsub.configuration import (
    MAX_ITEMS,
    AccessModel,
    Configuration,
    ItemReply,
    MessageType,
    NodeFull,
    PublishModel,
    SendLast,
)
from component.pubsub.errors import UnsupportedError
from component.pubsub.model import Node
from component.pubsub.retrieving import Insight

NODE_CONFIG = f"{PUBSUB}#node_config"
PUBLISH_OPTIONS = f"{PUBSUB}#publish-options"
META_DATA = f"{PUBSUB}#meta-data"

_NUMBER = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How values of a field are read and written."""

    type: str
    read: Callable[[str, tuple[str, ...]], Any]
    write: Callable[[Any], str | tuple[str, ...]] = str
    options: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people call the options, where that is not the option itself."""
    is_open: bool = False
    """Whether other values than the options may be given."""


def _one_of(kind: type[StrEnum], error: type[FormError] = FormError) -> _Kind:
    options = tuple(member.value for member in kind)

    def read(var: str, values: tuple[str, ...]) -> StrEnum:
        value = single(var, values)
        if value not in options:
            raise error(f"{var} is one of: {', '.join(options)}.")
        return kind(value)

    return _Kind("list-single", read, str, options)


def _number(var: str, values: tuple[str, ...]) -> int:
    value = single(var, values)
    if _NUMBER.fullmatch(value) is None:
        raise FormError(f"{var} is a number.")
    return int(value)


def _max_items(var: str, values: tuple[str, ...]) -> int:
    return MAX_ITEMS if values == ("max",) else _number(var, values)


def _item_expire(var: str, values: tuple[str, ...]) -> int | None:
    return None if values in ((), ("",), ("max",)) else _number(var, values)


def _language(var: str, values: tuple[str, ...]) -> str:
    value = single(var, values)
    if value and not is_language(value):
        raise FormError(f"{var} is the tag of a language, such as en or pt-BR.")
    return value


def _jids(var: str, values: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(read_jid(value) for value in values if value))
    except ValueError as error:
        raise FormError(f"{var} is a list of JIDs.") from error


TEXT = _Kind("text-single", single)
LANGUAGE = _Kind(
    "list-single",
    _language,
    lambda value: (value,) if value else (),
    tuple(LANGUAGES),
    LANGUAGES,
    is_open=True,
)
YES_OR_NO = _Kind("boolean", boolean, lambda value: "1" if value else "0")

FIELDS: Mapping[str, tuple[str, _Kind]] = {
    "title": ("A short name for the node", TEXT),
    "description": ("A description of the node", TEXT),
    "type": ("The namespace of the payloads", TEXT),
    "language": ("The language of the payloads", LANGUAGE),
    "contact": ("Whom to ask about the node", _Kind("jid-multi", _jids, tuple)),
    "subscribe": ("Whether anybody may subscribe", YES_OR_NO),
    "access_model": (
        "Who may subscribe and retrieve items",
        _one_of(AccessModel, AccessModelError),
    ),
    "publish_model": ("Who may publish", _one_of(PublishModel)),
    "max_items": (
        "How many items are kept",
        _Kind("text-single", _max_items),
    ),
    "publish_node_full": ("What becomes of items beyond that", _one_of(NodeFull)),
    "item_expire": (
        "Seconds after which an item goes by itself, or max",
        _Kind("text-single", _item_expire, lambda value: "max" if value is None else str(value)),
    ),
    "persist_items": ("Whether items are kept", YES_OR_NO),
    "deliver_notifications": ("Whether items are notified", YES_OR_NO),
    "deliver_payloads": ("Whether notifications contain payloads", YES_OR_NO),
    "notify_config": ("Whether a change of the configuration is notified", YES_OR_NO),
    "notify_delete": ("Whether the deletion of the node is notified", YES_OR_NO),
    "notify_retract": (
        "Whether the retraction of items is notified if whoever retracts them does not say",
        YES_OR_NO,
    ),
    "notify_sub": ("Whether owners are told who subscribes", YES_OR_NO),
    "notification_type": ("The type of the messages", _one_of(MessageType)),
    "itemreply": (
        "Whom subscribers should answer; a publisher is named with each item",
        _one_of(ItemReply),
    ),
    "presence_based_delivery": ("Whether only those online are notified", YES_OR_NO),
    "tempsub": ("Whether subscriptions end when the subscriber goes offline", YES_OR_NO),
    "purge_offline": ("Whether items go when their publisher goes offline", YES_OR_NO),
    "send_last_published_item": ("When the newest item is sent", _one_of(SendLast)),
    "max_payload_size": ("Bytes that a payload may have", _Kind("text-single", _number)),
}
"""By the attribute of `Configuration`; `pubsub#` before it makes the name of the field."""

PUBLIC = (
    "title", "description", "type", "language", "contact", "access_model", "publish_model",
    "max_items",
)  # fmt: skip
"""What of it strangers are told of a node (§5.4)."""

_NODE_TYPE = "pubsub#node_type"

OF_COLLECTIONS = frozenset(
    {
        "pubsub#children",
        "pubsub#children_association_policy",
        "pubsub#children_association_whitelist",
        "pubsub#children_max",
        "pubsub#collection",
    }
)
"""Fields of collections, and of nodes in them (XEP-0248 §7)."""

NOT_OFFERED = frozenset(
    {"pubsub#body_xslt", "pubsub#dataform_xslt", "pubsub#roster_groups_allowed"}
)
"""Fields that other services have (XEP-0060 §16.4.4)."""


def config_markup(config: Configuration, kind: str = "form") -> Markup:
    """Return the form, filled in with a configuration."""
    leaf = Field(_NODE_TYPE, "list-single", ("leaf",), "What the node is", ("leaf",))
    return form_markup(NODE_CONFIG, kind, (leaf, *(_field(name, config) for name in FIELDS)))


def meta_data_markup(node: Node, insight: Insight | None) -> Markup:
    """Return what somebody may know of a node who finds it."""
    config = replace(node.config, title=node.title)
    names: Iterable[str] = FIELDS if insight is not None else PUBLIC
    fields = [_field(name, config) for name in names]
    if insight is not None:
        fields += _insight(node, insight)
    return form_markup(META_DATA, "result", fields)


def _insight(node: Node, insight: Insight) -> Iterator[Field]:
    if insight.creator:
        yield Field("pubsub#creator", "jid-single", (insight.creator,), "Who created the node")
    if node.created is not None:
        created = written_time(node.created)
        yield Field("pubsub#creation_date", "text-single", (created,), "When it was created")
    yield Field("pubsub#owner", "jid-multi", insight.owners, "Who owns the node")
    yield Field("pubsub#publisher", "jid-multi", insight.publishers, "Who else may publish")
    count = str(insight.subscribers)
    yield Field("pubsub#num_subscribers", "text-single", (count,), "How many subscriptions it has")


def attributes_of(values: Values) -> dict[str, Any]:
    """Return the attributes of `Configuration` that a form sets.

    Fields that nobody has heard of are ignored (XEP-0004 §3.1). One that is specified and not
    offered is refused: who sets it relies on it.

    Raises `FormError`, and `UnsupportedError` for what only collections have.
    """
    attributes = {}
    for var, written in values.items():
        if var in OF_COLLECTIONS or (var == _NODE_TYPE and written == ("collection",)):
            raise UnsupportedError("collections")
        if var in NOT_OFFERED or (var == _NODE_TYPE and written != ("leaf",)):
            raise FormError(f"{var} cannot be set to this here; get the form to see what can be.")
        name = var.removeprefix("pubsub#")
        if name in FIELDS and name != var:
            attributes[name] = FIELDS[name][1].read(var, written)
    return attributes


def is_known(var: str) -> bool:
    """Tell whether a form has a field of this name somewhere, if not here."""
    name = var.removeprefix("pubsub#")
    return (name in FIELDS and name != var) or var in {_NODE_TYPE} | NOT_OFFERED | OF_COLLECTIONS


def _field(name: str, config: Configuration) -> Field:
    label, kind = FIELDS[name]
    written = kind.write(getattr(config, name))
    values = written if isinstance(written, tuple) else (written,)
    return Field(
        f"pubsub#{name}",
        kind.type,
        values,
        label,
        kind.options,
        kind.labels,
        is_open=kind.is_open,
    )
