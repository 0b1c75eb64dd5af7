"""Who is where."""

from lab.xmpp_server import HOST

ADMIN = f"admin@{HOST}"
"""Who makes the nodes and publishes."""
PERSISTENT = f"pubsub.{HOST}"
"""The server's own service, as it is by default."""
IN_MEMORY = f"memory.{HOST}"
"""Prosody's own, without a store."""
BARE = f"bare.{HOST}"
"""Where the bare socket sends from."""
PLUGIN_LAYER = f"plugin.{HOST}"
"""Our service behind slixmpp's plugin layer."""
