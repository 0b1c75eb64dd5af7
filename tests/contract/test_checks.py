"""`ivr-pubsub check` against real servers, in good order and not."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from component import checks
from component.checks import ProblemError
from component.config import Config, from_mapping
from component.http import HttpServer, Status
from component.metrics import Metrics
from component.settings import AsteriskConfig, DatabaseConfig, HttpConfig, XmppConfig
from component.storage.embedded import EmbeddedServer
from component.xmpp.stream import ComponentStream
from lab.asterisk import ARI_USER, Asterisk, AsteriskSettings, Installation
from lab.ports import PortBlock
from lab.prosody import Prosody
from lab.xmpp_server import COMPONENT, XmppServerSettings
from tests.databases import Databases, as_service

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def asterisk(ports: PortBlock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    settings = AsteriskSettings(
        sip_port=ports.take(),
        http_port=ports.take(),
        agi_port=ports.take(),
        rtp_ports=ports.take_range(10),
    )
    directory = tmp_path_factory.mktemp("asterisk")
    asterisk = Asterisk(Installation.find(), directory, settings)
    asyncio.run(asterisk.start())
    with (directory / "etc/ari.conf").open("a") as configuration:
        configuration.write("\n[reader]\ntype = user\nread_only = yes\npassword = secret\n")
    asyncio.run(asterisk.cli("module reload res_ari.so"))
    yield asterisk
    asyncio.run(asterisk.stop())


class TestAsterisk:
    @pytest.fixture
    def settings(self, asterisk: Asterisk) -> AsteriskConfig:
        return AsteriskConfig(
            url=f"http://127.0.0.1:{asterisk.settings.http_port}",
            username=ARI_USER,
            password=SecretStr(asterisk.settings.ari_password),
        )

    async def test_one_in_good_order(self, settings: AsteriskConfig) -> None:
        found = await checks.check_asterisk(settings)
        assert found.startswith("Asterisk 2")
        assert "application ivr is not served now" in found

    async def test_wrong_password(self, settings: AsteriskConfig) -> None:
        wrong = settings.model_copy(update={"password": SecretStr("wrong")})
        with pytest.raises(ProblemError, match="401") as problem:
            await checks.check_asterisk(wrong)
        assert "asterisk.password" in problem.value.remedy

    async def test_user_that_may_only_read(self, settings: AsteriskConfig) -> None:
        reader = {"username": "reader", "password": SecretStr("secret")}
        with pytest.raises(ProblemError, match="403") as problem:
            await checks.check_asterisk(settings.model_copy(update=reader))
        assert "read_only=no" in problem.value.remedy

    @pytest.mark.parametrize("module", [m for m in checks.ASTERISK_MODULES if "res_ari_" in m])
    async def test_a_module_that_is_not_loaded(
        self, asterisk: Asterisk, settings: AsteriskConfig, module: str
    ) -> None:
        """The interface that is left may answer as if all were well. Others cannot be unloaded."""
        await asterisk.cli(f"module unload {module}")
        try:
            with pytest.raises(ProblemError, match=f"has not loaded {module}$") as problem:
                await checks.check_asterisk(settings)
        finally:
            await asterisk.cli(f"module load {module}")
        assert "modules.conf" in problem.value.remedy
        await checks.check_asterisk(settings)

    async def test_url_of_the_interface_in_place_of_the_server(
        self, settings: AsteriskConfig
    ) -> None:
        deeper = settings.model_copy(update={"url": f"{settings.url}/ari"})
        with pytest.raises(ProblemError, match="404") as problem:
            await checks.check_asterisk(deeper)
        assert "does not end in /ari" in problem.value.remedy

    async def test_https_where_http_is_spoken(self, settings: AsteriskConfig) -> None:
        encrypted = settings.model_copy(update={"url": settings.url.replace("http", "https", 1)})
        with pytest.raises(ProblemError) as problem:
            await checks.check_asterisk(encrypted)
        assert "by http or https" in problem.value.remedy

    async def test_none(self, settings: AsteriskConfig, ports: PortBlock) -> None:
        nowhere = settings.model_copy(update={"url": f"http://127.0.0.1:{ports.take()}"})
        with pytest.raises(ProblemError, match="Cannot connect") as problem:
            await checks.check_asterisk(nowhere)
        assert "check that Asterisk runs" in problem.value.remedy


@asynccontextmanager
async def running_service(
    xmpp: XmppConfig, http: HttpConfig, status: Status
) -> AsyncIterator[ComponentStream]:
    """What `check` sees of a running service; yields its stream."""
    stream = ComponentStream(xmpp.domain, xmpp.secret.get_secret_value())
    stream.begin(lambda _: None)
    await stream.reach(xmpp.host, xmpp.port)
    await asyncio.wait_for(stream.accepted, 20)
    server = HttpServer(Metrics("1.2.3").registry, {"xmpp": lambda: status})
    await server.start(http.host, http.port)
    yield stream
    await server.stop()
    await stream.close(patience=2)


class TestXmpp:
    @pytest.fixture
    async def prosody(self, tmp_path: Path, ports: PortBlock) -> AsyncIterator[Prosody]:
        settings = XmppServerSettings(c2s_port=ports.take(), component_port=ports.take())
        async with Prosody(tmp_path, settings) as prosody:
            yield prosody

    @pytest.fixture
    def settings(self, prosody: Prosody) -> XmppConfig:
        return XmppConfig(
            domain=COMPONENT,
            port=prosody.settings.component_port,
            secret=SecretStr(prosody.settings.component_secret),
        )

    @pytest.fixture
    def http(self, ports: PortBlock) -> HttpConfig:
        return HttpConfig(port=ports.take())

    async def test_one_in_good_order(self, settings: XmppConfig, http: HttpConfig) -> None:
        found = await checks.check_xmpp(settings, http)
        assert f"accepts {COMPONENT} with this secret" in found

    async def test_wrong_secret(self, settings: XmppConfig, http: HttpConfig) -> None:
        wrong = settings.model_copy(update={"secret": SecretStr("wrong")})
        with pytest.raises(ProblemError, match="not-authorized") as problem:
            await checks.check_xmpp(wrong, http)
        assert "xmpp.secret" in problem.value.remedy

    async def test_unknown_domain(self, settings: XmppConfig, http: HttpConfig) -> None:
        wrong = settings.model_copy(update={"domain": "other.example.com"})
        with pytest.raises(ProblemError, match="host-unknown") as problem:
            await checks.check_xmpp(wrong, http)
        assert "xmpp.domain" in problem.value.remedy

    async def test_none(self, settings: XmppConfig, http: HttpConfig, ports: PortBlock) -> None:
        nowhere = settings.model_copy(update={"port": ports.take()})
        with pytest.raises(ProblemError, match="cannot connect") as problem:
            await checks.check_xmpp(nowhere, http)
        assert "component_ports" in problem.value.remedy

    async def test_port_for_something_else(
        self, prosody: Prosody, settings: XmppConfig, http: HttpConfig
    ) -> None:
        wrong = settings.model_copy(update={"port": prosody.settings.c2s_port})
        with pytest.raises(ProblemError):
            await checks.check_xmpp(wrong, http)

    async def test_a_running_service_is_asked_and_not_disturbed(
        self, settings: XmppConfig, http: HttpConfig
    ) -> None:
        async with running_service(
            settings, http, Status(ready=True, detail="connected")
        ) as stream:
            found = await checks.check_xmpp(settings, http)
            assert not stream.ended.done()
        assert f"accepts {COMPONENT}, says the running service" in found

    async def test_the_running_service_is_believed(
        self, settings: XmppConfig, http: HttpConfig
    ) -> None:
        status = Status(ready=False, detail="not connected: conflict")
        async with running_service(settings, http, status):
            with pytest.raises(ProblemError, match="not connected: conflict"):
                await checks.check_xmpp(settings, http)

    async def test_nothing_is_risked_while_something_else_answers(
        self, settings: XmppConfig, http: HttpConfig
    ) -> None:
        server = HttpServer(Metrics("1.2.3").registry, {})
        await server.start(http.host, http.port)
        wrong = settings.model_copy(update={"secret": SecretStr("wrong")})
        found = await checks.check_xmpp(wrong, http)
        await server.stop()
        assert "whether the secret is right was not tried" in found


def at(url: str) -> DatabaseConfig:
    return DatabaseConfig(url=SecretStr(url))


class TestDatabase:
    @pytest.fixture
    async def url(self, databases: Databases) -> AsyncIterator[str]:
        async with databases.fresh() as url:
            yield url

    async def test_one_in_good_order(self, url: str) -> None:
        assert "the schema is up to date" in await checks.check_database(at(url))

    async def test_new_one(self, databases: Databases) -> None:
        url = await databases.empty("new")
        found = await checks.check_database(at(url))
        assert re.search("the service will bring its schema up to 0", found)

    async def test_one_whose_schema_it_may_not_bring_up_to_date(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("DELETE FROM _pogo_migration WHERE migration_id LIKE '0035%'")
        await connection.close()
        with pytest.raises(ProblemError, match="this role may not apply them") as problem:
            await checks.check_database(at(await as_service(url)))
        assert "as the owner" in problem.value.remedy

    async def test_one_of_a_later_version(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(
            "INSERT INTO _pogo_migration (migration_hash, migration_id, applied, schema_name)"
            " VALUES ('x', '9999_future', now(), 'public')"
        )
        await connection.close()
        with pytest.raises(ProblemError, match="9999_future"):
            await checks.check_database(at(url))

    @pytest.mark.parametrize(
        ("change", "complaint", "remedy"),
        [
            (("/test_", "/missing_"), "does not exist", "create the database"),
            (("postgres:", "nobody:"), 'role "nobody"', "correct the user or password"),
            (("host=", "host=/nowhere"), "nowhere", "check that PostgreSQL runs"),
        ],
    )
    async def test_wrong_url(
        self, url: str, change: tuple[str, str], complaint: str, remedy: str
    ) -> None:
        assert change[0] in url
        wrong = url.replace("postgres:", "postgres:hidden").replace(*change)
        with pytest.raises(ProblemError, match=complaint) as problem:
            await checks.check_database(at(wrong))
        assert remedy in problem.value.remedy
        assert "hidden" not in str(problem.value)

    @pytest.mark.parametrize(
        ("change", "complaint", "remedy"),
        [
            ("REVOKE INSERT ON outbox FROM ivr_pubsub_service", "INSERT on outbox", "grants.sql"),
            ("ALTER TABLE calls SET SCHEMA other", "no table calls", "search_path"),
            ("ALTER DATABASE {name} SET default_transaction_read_only = on", "may only be read",
             "target_session_attrs"),
        ],
    )  # fmt: skip
    async def test_one_that_could_not_be_written_to(
        self, url: str, change: str, complaint: str, remedy: str
    ) -> None:
        service_url = await as_service(url)
        owner = await asyncpg.connect(url)
        await owner.execute("CREATE SCHEMA other")
        await owner.execute(change.format(name=await owner.fetchval("SELECT current_database()")))
        await owner.close()
        with pytest.raises(ProblemError, match=complaint) as problem:
            await checks.check_database(at(service_url))
        assert remedy in problem.value.remedy

    async def test_embedded_one_that_is_not_there_yet(self, tmp_path: Path) -> None:
        found = await checks.check_database(DatabaseConfig(directory=tmp_path / "a/b"))
        assert "will be set up" in found
        assert not (tmp_path / "a").exists()

    async def test_directories_that_no_embedded_one_can_be_in(self, tmp_path: Path) -> None:
        (tmp_path / "letters").mkdir()
        file = tmp_path / "letters" / "from-home"
        file.touch()
        for directory, complaint in ((file.parent, "not empty"), (file, "Not a directory")):
            settings = DatabaseConfig(directory=directory)
            with pytest.raises(ProblemError, match=complaint) as problem:
                await checks.check_database(settings)
            assert "database.directory" in problem.value.remedy
            with pytest.raises(OSError, match=re.escape(str(directory))):
                await EmbeddedServer.start(directory)

    async def test_embedded_one_that_runs(self) -> None:
        with tempfile.TemporaryDirectory(prefix="ivr") as directory:
            data = Path(directory) / "postgresql"
            server = await EmbeddedServer.start(data)
            found = await checks.check_database(DatabaseConfig(directory=data))
            await server.stop()
        assert found.startswith("PostgreSQL ")


class TestCustomers:
    async def test_the_default_look_up(self, databases: Databases) -> None:
        async with databases.fresh() as url:
            found = await checks.check_customers(_config(database={"url": url}))
        assert found == "looked up with attributes attributes"

    async def test_a_statement_with_a_fault(self, databases: Databases) -> None:
        async with databases.fresh() as url:
            customers = {"url": url, "lookup": "SELECT 1 AS id WHERE $1 = ''"}
            with pytest.raises(ProblemError, match="it has no column code") as problem:
                await checks.check_customers(_config(customers=customers))
        assert problem.value.remedy == "select something AS code"

    async def test_before_there_is_a_database(self, tmp_path: Path) -> None:
        config = _config(database={"directory": str(tmp_path / "none")})
        assert "when the service starts" in await checks.check_customers(config)

    async def test_while_the_database_is_away(self, ports: PortBlock) -> None:
        away = _config(database={"url": f"postgresql://nobody@127.0.0.1:{ports.take()}/none"})
        with pytest.raises(ProblemError) as problem:
            await checks.check_customers(away)
        assert problem.value.remedy == "see what is said about the database"

    async def test_while_a_database_of_their_own_is_away(self, ports: PortBlock) -> None:
        away = _config(customers={"url": f"postgresql://nobody@127.0.0.1:{ports.take()}/none"})
        with pytest.raises(ProblemError, match="Connect call failed") as problem:
            await checks.check_customers(away)
        assert (
            problem.value.remedy == "check that PostgreSQL runs, and host and port in customers.url"
        )


def _config(**sections: dict[str, str]) -> Config:
    xmpp = {"domain": "ivr.example.com", "secret": "x"}
    return from_mapping({"xmpp": xmpp, "asterisk": {"username": "ivr", "password": "x"}} | sections)
