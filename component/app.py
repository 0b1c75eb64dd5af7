"""The composition root: the only place that knows which adapters there are."""

import asyncio
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from random import SystemRandom

import structlog

from component import logs
from component.appointed import privileged, reappoint, staff
from component.clock import SystemClock
from component.config import Config
from component.configuration import Takeover
from component.control import ControlServer
from component.database import bring_up_to_date, database_url
from component.domain.state import State
from component.engine import Engine
from component.gate import Gate
from component.handlers.dispatch import Dispatcher, dispatcher
from component.handlers.notify import event_markup, node_shown_in
from component.http import HttpServer, Status
from component.journal import Journal, Observers
from component.listening import listening
from component.markup import Markup
from component.measured import MeasuredAnswerer, MeasuredDirectory, MeasuredStore, measure_lag
from component.metrics import Metrics
from component.observer import ConnectionObserver, EngineObserver, asterisk_observer
from component.operations.changes import Reload
from component.operations.desk import Books, Desk
from component.operations.model import RefusedError
from component.ports import (
    CallControl,
    Directory,
    Observer,
    StoreRefusedError,
    StoreUnavailableError,
)
from component.pubsub.presence import PresenceNotice
from component.pubsub.service import PubSub
from component.records import Ledger
from component.reloading import LiveBooks, Reloader
from component.restored import Restored, restore
from component.retention import retain
from component.service_manager import ServiceManager
from component.storage.books import SqlBooks
from component.storage.directory import SqlDirectory, StatementError
from component.storage.feed import ConfigurationFeed
from component.storage.postgres import PostgresStore
from component.telephony.agi import FastAgiServer
from component.telephony.agi_routes import AgiRoutes
from component.telephony.asterisk import Asterisk
from component.telephony.client import AriClient
from component.telephony.http_client import AriHttpClient
from component.version import version
from component.watched_database import WatchedDatabase
from component.xmpp.link import XmppLink
from component.xmpp.session import Place

log = structlog.get_logger(__name__)

CLOCK = SystemClock()


async def run(config: Config, read: Callable[[], Config]) -> None:
    """Run the service until SIGTERM or SIGINT; at SIGHUP, `read` the configuration anew.

    Waits for as long as it takes until the database is there. Raises `ListenError` if it cannot
    listen where it is told to, `MigrationError` or `StoreRefusedError` if the database cannot be
    used, `ConfigError` if it cannot be reached as configured, and `StatementError` if customers
    cannot be looked up as configured. Another service that has the database is waited for, too:
    `StoreLostError` is raised if one has taken it over.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    manager = ServiceManager.from_environment()
    service = Service(config, read, manager)
    loop.add_signal_handler(signal.SIGHUP, service.reload)
    serving = asyncio.create_task(service.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        log.info("stopping")
        manager.stopping()
        serving.cancel()
    try:
        with suppress(asyncio.CancelledError):
            await serving
    except ExceptionGroup as group:
        raise _first(group) from group


class Service:
    """All parts, plugged together."""

    def __init__(self, config: Config, read: Callable[[], Config], manager: ServiceManager) -> None:
        self._config = config
        self._reloader = Reloader(config, read, self._take_over)
        self._reloading: set[asyncio.Task[None]] = set()
        self._books: Books | None = None
        self._directory: SqlDirectory | None = None
        self._manager = manager
        self._metrics = Metrics(version())
        self._database = WatchedDatabase(manager)
        self._asterisk: Asterisk | None = None
        self._observer: EngineObserver | None = None
        self._engine: Engine | None = None
        self._stanzas: Dispatcher | None = None
        self._state: State | None = None
        self._look_up_within: Callable[[float], None] = lambda _seconds: None
        self._connections = ConnectionObserver(self._metrics)
        xmpp = config.xmpp
        self._staff = staff(config)
        self._xmpp = XmppLink(
            Place(xmpp.domain, xmpp.host, xmpp.port, xmpp.secret.get_secret_value()),
            wrote=self._wrote,
        )

    async def run(self) -> None:
        """Start everything, in the order in which it is needed, and keep it running."""
        async with AsyncExitStack() as stack:
            http = HttpServer(
                self._metrics.registry,
                {**self._checks(), "drain": self._drain_status},
                self._refresh,
            )
            where = self._config.http
            with listening("http", where.host, where.port):
                await http.start(where.host, where.port)
            stack.push_async_callback(http.stop)
            signs = asyncio.create_task(self._manager.live(), name="signs of life")
            stack.callback(signs.cancel)
            url = await stack.enter_async_context(database_url(self._config.database))
            store = await stack.enter_async_context(PostgresStore(url))
            await self._database.take(store)
            await self._database.do("bringing the schema up to date", lambda: bring_up_to_date(url))
            self._directory = await self._customers(url, stack)
            await self._serve(url, store, self._directory, stack)

    def reload(self) -> None:
        """Read the configuration anew, file and database; the log says what came of it."""
        task = asyncio.create_task(self._reload())
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _reload(self) -> None:
        if self._books is None:
            log.warning("configuration not read anew", error="the service does not serve yet")
            return
        self._manager.reloading()
        try:
            await self._books.write(Reload())
        except (RefusedError, StoreUnavailableError, StoreRefusedError) as error:
            log.error("configuration not read anew", error=str(error))
        self._manager.ready(f"serving {self._config.xmpp.domain}")

    async def _take_over(self, config: Config) -> None:
        """Let a configuration be in force, as far as that is possible while the service runs.

        Raises `RefusedError`, `StoreUnavailableError` or `StoreRefusedError`.
        """
        assert self._directory is not None, "the service serves"
        if config.customers.lookup != self._config.customers.lookup:
            try:
                await self._directory.use(config.customers.lookup)
            except StatementError as error:
                raise RefusedError(f"[customers] lookup: {error}: {error.remedy}.") from error
        of_all, wanted = privileged(config), config.pubsub
        await self._serving.pubsub(
            lambda pubsub, _now: pubsub.govern(of_all, wanted.policy, wanted.history)
        )
        reappoint(self._staff, config)
        self._look_up_within(config.agi.deadline)
        logs.configure(config.log)
        self._config = config

    async def _serve(
        self,
        url: str,
        store: PostgresStore,
        customers: SqlDirectory,
        stack: AsyncExitStack,
    ) -> None:
        """Go on from what the database has."""
        config, ledger = self._config, Ledger()
        pubsub = PubSub(ledger, config.xmpp.domain, privileged(config), config.pubsub.policy)
        restored = await self._database.do(
            "reading", lambda: restore(store, ledger, pubsub, CLOCK.now())
        )
        state = self._state = restored.state
        observer = self._observer = EngineObserver(self._metrics, state, restored.outbox, CLOCK)
        directory = MeasuredDirectory(customers, self._metrics)
        journal = Journal(state, CLOCK)
        asterisk = self._asterisk = self._new_asterisk(directory, state, journal)
        stack.push_async_callback(asterisk.close)
        engine = self._engine = self._new_engine(
            restored, store, asterisk.control, Observers(observer, journal)
        )
        self._books = LiveBooks(SqlBooks(url), self._reloader)
        desk = Desk(engine, self._books)
        stanzas = self._stanzas = self._new_dispatcher(engine, desk)
        agi = self._new_agi(engine, asterisk, directory, Gate(store, CLOCK))
        take_over = Takeover(state, engine.step)
        feed = ConfigurationFeed(url, take_over.known, take_over)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(engine.run(), name="engine")
            await self._provision(engine, restored.accounts)
            answerer = MeasuredAnswerer(stanzas, self._metrics)
            tasks.create_task(self._xmpp.run(engine, answerer), name="xmpp")
            tasks.create_task(asterisk.run(), name="asterisk")
            tasks.create_task(self._database.watch(store, self._refresh), name="watch")
            tasks.create_task(retain(store.forget, lambda: self._config.records), name="retention")
            tasks.create_task(measure_lag(self._metrics.loop_lagged), name="lag")
            tasks.create_task(feed.run(), name="configuration feed")
            with listening("agi", config.agi.host, config.agi.port):
                await stack.enter_async_context(agi)
            await stack.enter_async_context(ControlServer(desk, config.control.socket))
            log.info("serving", version=version(), domain=config.xmpp.domain)
            self._manager.ready(f"serving {config.xmpp.domain}")

    # Asterisk, stanzas and the engine need each other: what is made later, `run` uses first. -----

    def _new_asterisk(self, directory: Directory, state: State, journal: Journal) -> Asterisk:
        config = self._config.asterisk
        password = config.password.get_secret_value()
        seconds, asked = config.request_timeout, asterisk_observer(self._metrics)
        http = AriHttpClient(config.url, config.username, password, timeout=seconds, tls=config.tls)
        return Asterisk(
            AriClient(http, config.url, asked, over_socket=config.requests_over_socket),
            config.app,
            directory=directory,
            lookup_deadline=self._config.agi.deadline,
            # Lambdas, as there is no engine yet.
            submit=lambda event: self._serving.submit(event),  # noqa: PLW0108
            reconcile=lambda snapshot: self._serving.reconcile(snapshot),  # noqa: PLW0108
            acted_until=lambda: self._serving.acted_until,
            devices=lambda: [d for agent in state.agents.values() for d in agent.devices],
            shown=self._xmpp.settled,
            about=journal.about,
        )

    def _new_engine(
        self, restored: Restored, store: PostgresStore, control: CallControl, observer: Observer
    ) -> Engine:
        def render_presence(notice: PresenceNotice) -> Iterator[Markup]:
            assert self._stanzas is not None, "it is made before the engine runs"
            return self._stanzas.presence(notice)

        return Engine(
            ledger=restored.ledger,
            state=restored.state,
            pubsub=restored.pubsub,
            outbox=restored.outbox,
            store=MeasuredStore(store, self._metrics),
            control=control,
            publisher=self._xmpp,
            clock=CLOCK,
            rng=SystemRandom(),
            observer=observer,
            render=event_markup,
            shown_in=node_shown_in,
            render_presence=render_presence,
            address=self._config.xmpp.domain,
        )

    def _new_dispatcher(self, engine: Engine, desk: Desk) -> Dispatcher:
        config = self._config
        return dispatcher(
            engine,
            config.xmpp.domain,
            version(),
            _new_id,
            config.pubsub.policy,
            desk=desk,
            staff=self._staff,
            contact=config.contact.addresses,
        )

    def _new_agi(
        self, engine: Engine, asterisk: Asterisk, directory: Directory, gate: Gate
    ) -> FastAgiServer:
        config = self._config.agi
        routes = AgiRoutes(
            directory, engine.step, asterisk.remember, gate.admit, deadline=config.deadline
        )
        agi = FastAgiServer(
            config.host, config.port, routes.scripts(), script_deadline=config.deadline
        )

        def look_up_within(seconds: float) -> None:
            asterisk.look_up_within(seconds)
            routes.deadline = agi.script_deadline = seconds

        self._look_up_within = look_up_within
        return agi

    @property
    def _serving(self) -> Engine:
        assert self._engine is not None, "the service serves"
        return self._engine

    async def _provision(self, engine: Engine, accounts: Mapping[str, str]) -> None:
        """Give each extension its node before anybody can ask for it."""
        history = self._config.pubsub.history
        await self._database.do(
            "making nodes",
            lambda: engine.pubsub(lambda pubsub, _now: pubsub.provision(accounts, history)),
        )

    async def _customers(self, url: str, stack: AsyncExitStack) -> SqlDirectory:
        """Return who knows the customers. Raises `StatementError`."""
        settings = self._config.customers
        directory = await stack.enter_async_context(
            SqlDirectory(settings.url.get_secret_value() or url, settings.lookup)
        )
        try:
            await directory.check()
        except StoreUnavailableError as error:
            log.warning("customer look-up not checked", error=str(error))
        return directory

    def _refresh(self) -> None:
        """Let the metrics show how things stand now."""
        if self._observer is not None and self._engine is not None:
            self._observer.refresh(self._engine.backlog)
        self._connections.refresh({name: check() for name, check in self._checks().items()})

    def _wrote(self, seqs: Sequence[int]) -> None:
        if self._observer is not None:
            self._observer.handed_over(seqs)

    def _checks(self) -> dict[str, Callable[[], Status]]:
        return {
            "asterisk": self._asterisk_status,
            "xmpp": lambda: Status(self._xmpp.up, self._xmpp.detail),
            "database": lambda: self._database.status,
        }

    def _drain_status(self) -> Status:
        if self._state is None or not self._state.draining:
            return Status(ready=True, detail="callers are taken")
        going_on = self._state.going_on()
        return Status(False, f"draining: {going_on} calls go on" if going_on else "drained")

    def _asterisk_status(self) -> Status:
        if self._asterisk is None:
            return Status(ready=False, detail="waiting for the database")
        return Status(self._asterisk.state.up, self._asterisk.state.detail)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _new_id() -> str:
    return secrets.token_hex(8)
