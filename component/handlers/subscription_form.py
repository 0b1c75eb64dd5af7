"""The options of a subscription, and its approval, as forms (XEP-0060 §16.4.2 and §16.4.3)."""

import re
from datetime import datetime, timedelta

from component.handlers.forms import Field, FormError, Values, boolean, form_markup, single
from component.handlers.namespaces import PUBSUB
from component.handlers.times import read_time, written_time
from component.markup import Markup
from component.pubsub.audience import MERELY_ONLINE
from component.pubsub.errors import UnsupportedError
from component.pubsub.model import Subscription
from component.pubsub.presence import Show
from component.pubsub.subscribing import Options

SUBSCRIBE_OPTIONS = f"{PUBSUB}#subscribe_options"
AUTHORIZATION = f"{PUBSUB}#subscribe_authorization"

OF_COLLECTIONS = frozenset({"pubsub#subscription_type", "pubsub#subscription_depth"})
"""Options that subscriptions to collections have (XEP-0248 §5.1)."""

SHOW_VALUES = (*(show.value for show in Show), MERELY_ONLINE)

_UNTIL_OFFLINE = "presence"

_MILLISECOND = timedelta(milliseconds=1)

OFTEN, SELDOM = timedelta(seconds=1), timedelta(days=1)
"""Between these may be what lies between two digests."""

USUALLY = timedelta(minutes=1)
"""What does, unless it is said."""

_FREQUENCY = re.compile("[0-9]{1,8}")


def options_markup(options: Options, kind: str = "form") -> Markup:
    """Return the form, filled in with a subscriber's options."""
    expire = "" if options.expire is None else written_time(options.expire)
    if options.until_offline:
        expire = _UNTIL_OFFLINE
    return form_markup(
        SUBSCRIBE_OPTIONS,
        kind,
        (
            Field(
                "pubsub#deliver",
                "boolean",
                ("1" if options.deliver else "0",),
                "Whether notifications are wanted now",
            ),
            Field(
                "pubsub#expire", "text-single", (expire,), "When the subscription ends by itself"
            ),
            Field(
                "pubsub#show-values",
                "list-multi",
                tuple(sorted(options.show_values)),
                "For which presence notifications are wanted; none of these: for any",
                SHOW_VALUES,
            ),
            Field(
                "pubsub#include_body",
                "boolean",
                ("1" if options.include_body else "0",),
                "Whether notifications have a text for people too",
            ),
            Field(
                "pubsub#digest",
                "boolean",
                ("0" if options.digest is None else "1",),
                "Whether notifications come together rather than each at once",
            ),
            Field(
                "pubsub#digest_frequency",
                "text-single",
                (str((options.digest or USUALLY) // _MILLISECOND),),
                "Milliseconds from one digest to the next, at least",
            ),
        ),
    )


def options_of(values: Values, old: Options) -> Options:
    """Return options changed as a form says. Fields that there are not are ignored.

    Raises `FormError`, `UnsupportedError`.
    """
    deliver, expire, include_body = old.deliver, old.expire, old.include_body
    show_values, until_offline = old.show_values, old.until_offline
    wants_digest, every = old.digest is not None, old.digest or USUALLY
    for var, written in values.items():
        if var == "pubsub#deliver":
            deliver = boolean(var, written)
        elif var == "pubsub#expire":
            until_offline = single(var, written) == _UNTIL_OFFLINE
            expire = None if until_offline else _time(var, single(var, written))
        elif var == "pubsub#include_body":
            include_body = boolean(var, written)
        elif var == "pubsub#show-values":
            show_values = _show_values(var, written)
        elif var == "pubsub#digest":
            wants_digest = boolean(var, written)
        elif var == "pubsub#digest_frequency":
            every = _frequency(var, single(var, written))
        elif var in OF_COLLECTIONS:
            raise UnsupportedError("collections")
    digest = every if wants_digest else None
    return Options(deliver, expire, include_body, show_values, until_offline, digest)


def approval_markup(subscription: Subscription) -> Markup:
    """Return the form that asks an owner to approve a subscription (§8.6)."""
    return form_markup(
        AUTHORIZATION,
        "form",
        (
            Field("pubsub#subid", "hidden", (subscription.subid,)),
            Field("pubsub#node", "text-single", (subscription.node,), "Node"),
            Field("pubsub#subscriber_jid", "jid-single", (subscription.jid,), "Subscriber"),
            Field("pubsub#allow", "boolean", ("0",), "Let this JID subscribe?"),
        ),
    )


def _show_values(var: str, written: tuple[str, ...]) -> frozenset[str]:
    """Return the presence that is meant. Raises `FormError`."""
    if not set(written) <= set(SHOW_VALUES):
        raise FormError(f"{var} is any of: {', '.join(SHOW_VALUES)}.")
    return frozenset(written)


def _frequency(var: str, written: str) -> timedelta:
    """Return what is to lie between two digests; nothing is the usual. Raises `FormError`."""
    if not written:
        return USUALLY
    every = int(written) * _MILLISECOND if _FREQUENCY.fullmatch(written) else timedelta()
    if not OFTEN <= every <= SELDOM:
        least, most = OFTEN // _MILLISECOND, SELDOM // _MILLISECOND
        raise FormError(f"{var} is a number of milliseconds from {least} to {most}.")
    return every


def _time(var: str, written: str) -> datetime | None:
    """Return a time as XEP-0082 writes it; nothing is no time."""
    if not written:
        return None
    try:
        return read_time(written)
    except ValueError as error:
        raise FormError(f"{var} is a time such as 2026-02-28T23:59:59Z.") from error
