"""How the changes of the publish-subscribe service are written: its parts of the one statement."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

from component.ports import Changes
from component.pubsub.configuration import DEFAULT, Configuration
from component.pubsub.model import Affiliation, Held, Item, Node, Redirect, Subscription
from component.pubsub.presence import Contact
from component.storage.rows import Row, deletion, keyed

_MILLISECOND = timedelta(milliseconds=1)

PARTS: dict[str, str] = {
    "nodes": """
        INSERT INTO nodes SELECT * FROM json_populate_recordset(NULL::nodes, {rows})
        ON CONFLICT (name) DO UPDATE SET
            managed = excluded.managed, config = excluded.config,
            creator = excluded.creator, created = excluded.created,
            own_maximum = excluded.own_maximum""",
    "nodes_gone": deletion("nodes", "name"),
    "affiliations": """
        INSERT INTO affiliations
        SELECT * FROM json_populate_recordset(NULL::affiliations, {rows})
        ON CONFLICT (node, jid) DO UPDATE SET role = excluded.role""",
    "affiliations_gone": deletion("affiliations", "node", "jid"),
    "subscriptions": """
        INSERT INTO subscriptions
        SELECT * FROM json_populate_recordset(NULL::subscriptions, {rows})
        ON CONFLICT (node, service, jid, subid) DO UPDATE SET
            since = excluded.since, state = excluded.state, deliver = excluded.deliver,
            expire = excluded.expire, include_body = excluded.include_body,
            show_values = excluded.show_values, until_offline = excluded.until_offline,
            digest_every = excluded.digest_every, digest_first = excluded.digest_first,
            digest_due = excluded.digest_due""",
    "subscriptions_gone": deletion("subscriptions", "node", "service", "jid", "subid"),
    "items": """
        INSERT INTO items SELECT * FROM json_populate_recordset(NULL::items, {rows})
        ON CONFLICT (node, id) DO UPDATE SET
            payload = excluded.payload, publisher = excluded.publisher,
            published_at = excluded.published_at, seq = excluded.seq""",
    "items_gone": deletion("items", "node", "id"),
    "contacts": """
        INSERT INTO contacts SELECT * FROM json_populate_recordset(NULL::contacts, {rows})
        ON CONFLICT (service, jid) DO UPDATE SET since = excluded.since""",
    "contacts_gone": deletion("contacts", "service", "jid"),
    "redirects": """
        INSERT INTO redirects SELECT * FROM json_populate_recordset(NULL::redirects, {rows})
        ON CONFLICT (node) DO UPDATE SET uri = excluded.uri, since = excluded.since""",
    "redirects_gone": deletion("redirects", "node"),
    "held": """
        INSERT INTO held SELECT * FROM json_populate_recordset(NULL::held, {rows})
        ON CONFLICT (node, seq) DO UPDATE SET
            item = excluded.item, payload = excluded.payload, reply_to = excluded.reply_to""",
    "held_gone": deletion("held", "node", "seq"),
}


def parts(changes: Changes) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of each part."""
    yield from keyed("nodes", changes.nodes, _node, ("name",))
    yield from keyed("affiliations", changes.affiliations, _affiliation, ("node", "jid"))
    yield from keyed(
        "subscriptions", changes.subscriptions, _subscription, ("node", "service", "jid", "subid")
    )
    yield from keyed("items", changes.items, _item, ("node", "id"))
    yield from keyed("contacts", changes.contacts, _contact, ("service", "jid"))
    yield from keyed("redirects", changes.redirects, _redirect, ("node",))
    yield from keyed("held", changes.held, _held, ("node", "seq"))


def _node(node: Node) -> Row:
    return {
        "name": node.name,
        "managed": node.managed,
        "config": _config(node.config),
        "creator": node.creator,
        "created": node.created,
        "own_maximum": node.has_own_maximum,
    }


def _config(config: Configuration) -> Row:
    """Return what differs from the default: most nodes store next to nothing."""
    values = ((field.name, getattr(config, field.name)) for field in fields(config))
    return {name: value for name, value in values if value != getattr(DEFAULT, name)}


def _affiliation(affiliation: Affiliation) -> Row:
    return {"node": affiliation.node, "jid": affiliation.jid, "role": affiliation.role}


def _subscription(subscription: Subscription) -> Row:
    digest = subscription.digest
    return {
        "node": subscription.node,
        "service": subscription.service,
        "jid": subscription.jid,
        "subid": subscription.subid,
        "since": subscription.since,
        "state": subscription.state,
        "deliver": subscription.deliver,
        "expire": subscription.expire,
        "include_body": subscription.include_body,
        "show_values": sorted(subscription.show_values),
        "until_offline": subscription.until_offline,
        "digest_every": digest and digest.every // _MILLISECOND,
        "digest_first": digest and digest.first,
        "digest_due": digest and digest.due,
    }


def _item(item: Item) -> Row:
    return {
        "node": item.node,
        "id": item.id,
        "payload": item.xml,
        "publisher": item.publisher,
        "published_at": item.published_at,
        "seq": item.seq,
    }


def _contact(contact: Contact) -> Row:
    return {"service": contact.service, "jid": contact.jid, "since": contact.since}


def _redirect(redirect: Redirect) -> Row:
    return {"node": redirect.node, "uri": redirect.uri, "since": redirect.since}


def _held(held: Held) -> Row:
    return {
        "node": held.node,
        "seq": held.seq,
        "item": held.item_id,
        "payload": held.payload,
        "reply_to": held.reply_to,
    }
