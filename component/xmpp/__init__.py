"""The connection to the XMPP server, as its external component (XEP-0114)."""
