"""An ejabberd with the project's configuration.

It is started as an Erlang program, not by `ejabberdctl`: that wants to be root and becomes another
user, who cannot read the project if it lies below a private directory; and it makes the server part
of a cluster, which takes a daemon (epmd) that stays behind. Without a cluster there is none.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.paths import EJABBERD_CONFIG
from lab.template import install, write_private
from lab.xmpp_server import HOST, XmppServer, XmppServerError

REGISTER = """
{ok, Users} = file:consult("users"),
[ok = ejabberd_auth:set_password(User, Host, Password) || {User, Host, Password} <- Users],
ok = file:write_file("ready", "").
"""
"""Run inside the server once it has started, instead of an `ejabberdctl register` per user."""


class Ejabberd(XmppServer):
    """One ejabberd; it starts in a second or two."""

    name = "ejabberd"
    program = "erl"

    def _install(self) -> None:
        install(EJABBERD_CONFIG.glob("**/*.yml"), self._directory, self._values())
        # Erlang terms; a JSON string of ASCII characters is an Erlang string as well.
        users = [
            "{" + ", ".join(f"<<{json.dumps(part)}>>" for part in (user, HOST, password)) + "}.\n"
            for user, password in self.settings.passwords.items()
        ]
        write_private(self._directory / "users", "".join(users))
        self._ready.unlink(missing_ok=True)

    def _arguments(self) -> Sequence[str | Path]:
        return [
            "-noinput",
            # As in the README: deep nesting overflows the usual stack of 128, and ends the server.
            *("+sss", "4096"),
            # Threads without work sleep, and leave the processors to the other servers.
            *("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"),
            *("-mnesia", "dir", json.dumps(f"{self._directory}/data")),
            *("-s", "ejabberd"),
            *("-eval", REGISTER),
        ]

    def _environment(self) -> Mapping[str, str] | None:
        return os.environ | {
            "ERL_LIBS": str(libraries()),
            "ERL_CRASH_DUMP": str(self._directory / "crash.dump"),
            "EJABBERD_CONFIG_PATH": str(self._directory / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.log),
        }

    async def _is_ready(self) -> bool:
        return self._ready.exists() and await super()._is_ready()

    @property
    def _ready(self) -> Path:
        return self._directory / "ready"


def libraries() -> Path:
    """Return where ejabberd is installed, among other Erlang programs. Raises XmppServerError."""
    for program in sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app")):
        return program.parents[2]
    raise XmppServerError("ejabberd is not installed; run `make setup`")
