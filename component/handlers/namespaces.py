"""The XML namespaces that are spoken here."""

STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
"""Error conditions (RFC 6120 §8.3)."""

DISCO_INFO = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS = "http://jabber.org/protocol/disco#items"
"""XEP-0030."""

SERVER_INFO = "http://jabber.org/network/serverinfo"
"""XEP-0157."""

PUBSUB = "http://jabber.org/protocol/pubsub"
PUBSUB_ERRORS = "http://jabber.org/protocol/pubsub#errors"
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"
PUBSUB_OWNER = "http://jabber.org/protocol/pubsub#owner"
"""XEP-0060."""

CAPS = "http://jabber.org/protocol/caps"
"""XEP-0115."""

FORM = "jabber:x:data"
"""XEP-0004."""

VALIDATE = "http://jabber.org/protocol/xdata-validate"
"""XEP-0122."""

COMMANDS = "http://jabber.org/protocol/commands"
"""XEP-0050."""

DELAY = "urn:xmpp:delay"
"""XEP-0203."""

ADDRESS = "http://jabber.org/protocol/address"
"""XEP-0033."""

SHIM = "http://jabber.org/protocol/shim"
"""XEP-0131."""

RSM = "http://jabber.org/protocol/rsm"
"""XEP-0059."""

VCARD_TEMP = "vcard-temp"
"""XEP-0054."""

VCARD_UPDATE = "vcard-temp:x:update"
"""XEP-0153."""

VCARD4 = "urn:ietf:params:xml:ns:vcard-4.0"
VCARD4_NODE = "urn:xmpp:vcard4"
"""XEP-0292; as the namespace of a request up to its version 0.11, as a node since."""

VERSION = "jabber:iq:version"
"""XEP-0092."""

TIME = "urn:xmpp:time"
"""XEP-0202."""

MAM = "urn:xmpp:mam:2"
MAM_EXTENDED = f"{MAM}#extended"
"""XEP-0313, and XEP-0442 for nodes."""

FORWARD = "urn:xmpp:forward:0"
"""XEP-0297."""

SID = "urn:xmpp:sid:0"
"""XEP-0359."""

PING = "urn:xmpp:ping"
"""XEP-0199."""
