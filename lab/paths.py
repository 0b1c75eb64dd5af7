"""Where things are in the project. What is built or stored lies in `STATE`."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
STATE = PROJECT / ".state"
CACHE = STATE / "cache"
"""What `scripts/get-asterisk` was given."""
PROMPTS = STATE / "prompts"
"""What `scripts/make-prompts` was given."""
ASTERISK_CONFIG = PROJECT / "asterisk"
PROSODY_CONFIG = PROJECT / "xmpp-server-config" / "prosody"
EJABBERD_CONFIG = PROJECT / "xmpp-server-config" / "ejabberd"
PROMETHEUS_CONFIG = PROJECT / "monitoring" / "prometheus"
DASHBOARD_FILES = PROJECT / "monitoring" / "grafana"
