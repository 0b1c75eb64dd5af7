"""What a real Asterisk 22.10 sent: events by what happened, and its lists during a call."""

import json
from pathlib import Path
from typing import Any

_RECORDED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))

EVENTS: dict[str, dict[str, Any]] = _RECORDED["events"]
CHANNELS: list[dict[str, Any]] = _RECORDED["channels"]
"""A caller on hold, and the agent's leg, just answered."""
BRIDGES: list[dict[str, Any]] = _RECORDED["bridges"]
"""The same two, connected."""

CALL_ID = "8c6f0e3b2d5a4f71a9c4d2e1b7f60a35"
CALLER_CHANNEL: str = EVENTS["caller_enters"]["channel"]["id"]
ANSWERED_ATTEMPT = 9
