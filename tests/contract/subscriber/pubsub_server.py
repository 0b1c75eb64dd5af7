"""A Prosody whose own publish-subscribe service stands in for ours, and someone who publishes."""

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from xml.etree import ElementTree

from slixmpp import ClientXMPP

from component.domain.model import Call
from component.payloads import call_xml
from lab.process import Process

SERVICE = "ivr.example.com"
SERVICE_AWAY = "away.example.com"
PASSWORD = "correct"
NODE = "ext1000"

CONFIG = """
pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
certificates = "{directory}"
log = {{ debug = "{directory}/prosody.log" }}
run_as_root = true
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
component_ports = {{}}
c2s_require_encryption = {encrypted}
modules_enabled = {{ "saslauth", "roster", "disco"{tls} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_plain"
admins = {{ "publisher@example.com" }}

VirtualHost "example.com"

Component "{service}" "pubsub"

-- A service that is not there: nobody has connected as this component.
Component "{away}"
"""


@dataclass
class Prosody:
    """Started and stopped by the tests; keeps its nodes over restarts."""

    directory: Path
    port: int
    encrypted: bool = False
    _process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def log(self) -> Path:
        return self.directory / "prosody.log"

    @property
    def certificate(self) -> Path:
        return self.directory / "example.com.crt"

    def install(self) -> None:
        accounts = self.directory / "data/example%2ecom/accounts"
        accounts.mkdir(parents=True)
        for user in ("user1", "user2", "publisher"):
            (accounts / f"{user}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }};')
        if self.encrypted:
            self._make_certificate()
        (self.directory / "prosody.cfg.lua").write_text(
            CONFIG.format(
                directory=self.directory,
                port=self.port,
                service=SERVICE,
                away=SERVICE_AWAY,
                encrypted=str(self.encrypted).lower(),
                tls=', "tls"' if self.encrypted else "",
            )
        )

    async def start(self) -> None:
        binary = shutil.which("prosody")
        assert binary is not None, "Prosody is not installed"
        config = self.directory / "prosody.cfg.lua"
        command = [binary, "-F", "--config", str(config)]
        self._process = Process(command, log=self.directory / "output", env=dict(os.environ))
        await self._process.wait_until(self._accepts, patience=30)

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def _make_certificate(self) -> None:
        key = self.certificate.with_suffix(".key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=example.com", "-addext", "subjectAltName=DNS:example.com",
             "-keyout", key, "-out", self.certificate],
            check=True, capture_output=True,
        )  # fmt: skip


@dataclass
class Publisher:
    """Publishes calls in the node of extension 1000, as our service would."""

    port: int
    _client: ClientXMPP = field(init=False)
    _pubsub: Any = field(init=False)

    async def __aenter__(self) -> Self:
        self._client = ClientXMPP("publisher@example.com", PASSWORD, plugin_config={
            "feature_mechanisms": {"unencrypted_scram": True}
        })  # fmt: skip
        self._client.enable_plaintext = True
        self._client.enable_starttls = self._client.enable_direct_tls = False
        self._client.register_plugin("xep_0060")
        self._client.connect("127.0.0.1", self.port)
        await self._client.wait_until("session_start", 30)
        self._pubsub = self._client.plugin["xep_0060"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.disconnect()

    async def create(self, node: str = NODE) -> None:
        await self._pubsub.create_node(SERVICE, node)

    async def delete(self) -> None:
        await self._pubsub.delete_node(SERVICE, NODE)

    async def publish(self, call: Call, node: str = NODE) -> None:
        await self.publish_xml(call.id, call_xml(call, node.removeprefix("ext")), node)

    async def publish_xml(self, item: str, payload: str, node: str = NODE) -> None:
        await self._pubsub.publish(SERVICE, node, id=item, payload=ElementTree.fromstring(payload))

    async def retract(self, call_id: str) -> None:
        await self._pubsub.retract(SERVICE, NODE, call_id, notify=True)

    async def purge(self) -> None:
        await self._pubsub.purge(SERVICE, NODE)
