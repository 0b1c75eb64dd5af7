"""A Prosody with the project's configuration."""

import json
from collections.abc import Sequence
from pathlib import Path

from lab.paths import PROSODY_CONFIG
from lab.template import install, write_private
from lab.xmpp_server import HOST, XmppServer


class Prosody(XmppServer):
    """One Prosody; it starts in a fraction of a second."""

    name = "prosody"
    program = "prosody"

    def _install(self) -> None:
        install(PROSODY_CONFIG.glob("**/*.cfg.lua"), self._directory, self._values())
        # What `prosodyctl register` would write, without a process for each user.
        accounts = self._directory / "data" / HOST.replace(".", "%2e") / "accounts"
        for user, password in self.settings.passwords.items():
            # A JSON string is a Lua string as well.
            text = f"return {{ password = {json.dumps(password)} }};\n"
            write_private(accounts / f"{user}.dat", text)

    def _arguments(self) -> Sequence[str | Path]:
        return ["-F", "--config", self._directory / "prosody.cfg.lua"]
