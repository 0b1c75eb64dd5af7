"""The XMPP servers of the lab, with their own mod_pubsub beside our component."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from lab.bench_pubsub.addresses import ADMIN, BARE, IN_MEMORY, PERSISTENT, PLUGIN_LAYER
from lab.bench_pubsub.stored import (
    Subscriber,
    ejabberd_script,
    write_ejabberd_nodes,
    write_prosody_store,
)
from lab.bench_pubsub.wire import PATIENCE
from lab.ejabberd import Ejabberd
from lab.prosody import Prosody
from lab.template import fill, write_private
from lab.xmpp_server import COMPONENT, XmppServer, XmppServerSettings

_PROSODY = """
Component "@PERSISTENT@" "pubsub"
	admins = { "@ADMIN@" }

Component "@IN_MEMORY@" "pubsub"
	admins = { "@ADMIN@" }
	storage = "memory"
	autocreate_on_subscribe = true

Component "@BARE@"
	component_secret = "@COMPONENT_SECRET@"

Component "@PLUGIN_LAYER@"
	component_secret = "@COMPONENT_SECRET@"
"""

_EJABBERD = """
listen:
  # One each: whoever connects to a listener gets what is for any of its hosts.
  -
    ip: "127.0.0.1"
    port: @BARE_PORT@
    module: ejabberd_service
    shaper: none
    hosts: { @BARE@: { password: "@COMPONENT_SECRET@" } }
  -
    ip: "127.0.0.1"
    port: @PLUGIN_LAYER_PORT@
    module: ejabberd_service
    shaper: none
    hosts: { @PLUGIN_LAYER@: { password: "@COMPONENT_SECRET@" } }

modules:
  mod_pubsub:
    host: @PERSISTENT@
    access_createnode: all
    plugins: ["flat"]
"""


class BenchServer(XmppServer):
    """A server with its own pubsub services beside ours."""

    patience = PATIENCE
    pace = 1
    """How many times faster than the slowest it sends to many, about."""
    creates_nodes = False
    """Whether its own services create the nodes that somebody subscribes to."""
    to_fill: Sequence[str]
    """Its own services, in so far as some nodes are made by requests."""

    def __init__(
        self, directory: Path, settings: XmppServerSettings, bare_port: int, plugin_layer_port: int
    ) -> None:
        super().__init__(directory, settings)
        self.ports = {
            COMPONENT: settings.component_port,
            BARE: bare_port,
            PLUGIN_LAYER: plugin_layer_port,
        }
        """Where components connect to, by their domains."""

    @abstractmethod
    def store(self, subscribers: Sequence[Subscriber], *, items: bool = False) -> None:
        """Give nodes and their subscriber to its own service with a store, before it starts.

        With `items`, each node has one.
        """

    async def stop(self) -> None:
        """Stop it in good order, however long it takes to write what it has."""
        await self.process.stop(PATIENCE)

    def _values(self) -> dict[str, object]:
        return super()._values() | {
            "ADMIN": ADMIN,
            "PERSISTENT": PERSISTENT,
            "IN_MEMORY": IN_MEMORY,
            "BARE": BARE,
            "BARE_PORT": self.ports[BARE],
            "PLUGIN_LAYER": PLUGIN_LAYER,
            "PLUGIN_LAYER_PORT": self.ports[PLUGIN_LAYER],
        }


class BenchProsody(BenchServer, Prosody):
    """Prosody as the tests start it, and its own pubsub service twice: with a store and without."""

    creates_nodes = True
    to_fill = (IN_MEMORY,)

    def __init__(self, directory: Path, settings: XmppServerSettings, *_: int) -> None:
        port = settings.component_port  # which serves all
        super().__init__(directory, settings, port, port)

    def store(self, subscribers: Sequence[Subscriber], *, items: bool = False) -> None:
        """Write the files of the service with the store."""
        write_prosody_store(self._directory, subscribers, items=items)

    def _install(self) -> None:
        super()._install()
        with (self._directory / "prosody.cfg.lua").open("a") as config:
            config.write(fill(_PROSODY, self._values()))


class BenchEjabberd(BenchServer, Ejabberd):
    """ejabberd as the tests start it, and its own pubsub service."""

    pace = 5
    to_fill = (PERSISTENT,)
    _script = ""
    """Erlang expressions that are run inside it the next time that it has started."""

    def store(self, subscribers: Sequence[Subscriber], *, items: bool = False) -> None:
        """Let it make them by itself when it starts."""
        self._directory.mkdir(parents=True, exist_ok=True)
        write_ejabberd_nodes(self._directory, subscribers)
        self._script = ejabberd_script(items=items)

    async def start(self) -> None:
        """Start it, and wait until it has the nodes too."""
        await super().start()
        self._script = ""

    def _install(self) -> None:
        super()._install()
        extra = fill(_EJABBERD, self._values())
        write_private(self._directory / "bench.yml", extra)
        config = self._directory / "ejabberd.yml"
        section = "include_config_file:\n"
        assert section in config.read_text()
        include = f'{section}  - "{self._directory}/bench.yml"\n'
        write_private(config, config.read_text().replace(section, include))

    def _arguments(self) -> Sequence[str | Path]:
        *arguments, register = super()._arguments()
        return [*arguments, f"{self._script}{register}"]
