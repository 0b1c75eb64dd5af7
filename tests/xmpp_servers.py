"""The XMPP servers that the service is meant for."""

import pytest

from lab.ejabberd import Ejabberd
from lab.prosody import Prosody
from lab.xmpp_server import XmppServer

SERVERS: tuple[type[XmppServer], ...] = (Prosody, Ejabberd)
NAMES = tuple(server.name for server in SERVERS)

on_every_xmpp_server = pytest.mark.parametrize("xmpp_server", SERVERS, ids=NAMES, indirect=True)
"""Run a test that would be run on Prosody alone, or all tests of a module, on each of them."""
