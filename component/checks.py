"""`ivr-pubsub check`: is everything there that the service needs, and if not, what is to be done?

Nothing is changed. Nor is a running service disturbed: one connection only can hold its place at
the XMPP server, so the secret is tried only while nobody answers at the service's HTTP address.
"""

import asyncio
import os
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import asyncpg

from component.config import Config
from component.database import database_url, remedy
from component.ports import StoreUnavailableError
from component.settings import AsteriskConfig, DatabaseConfig, HttpConfig, XmppConfig
from component.storage import migrations, rights
from component.storage.directory import SqlDirectory, StatementError
from component.storage.embedded import UnusableDirectoryError
from component.storage.errors import UNAVAILABLE
from component.storage.poolers import require_own_session
from component.storage.writer import require_writable
from component.telephony.client import AriClient
from component.telephony.errors import AriError
from component.telephony.http_client import AriHttpClient
from component.xmpp.link import HINTS
from component.xmpp.stream import ComponentStream

PATIENCE = 15.0
"""Seconds for everything that is tried with one server."""

GOODBYE = 1.0
"""Seconds that an XMPP server may take to end the stream."""

OLDEST_ASTERISK = 20

ASTERISK_MODULES = (
    "app_stasis.so",
    "res_agi.so",
    "res_ari_applications.so",
    "res_ari_bridges.so",
    "res_ari_channels.so",
    "res_ari_device_states.so",
    "res_ari_endpoints.so",
    "res_ari_events.so",
    "res_ari_playbacks.so",
)
"""Without one of them something is missing of which nothing else tells: look-ups, say, or music."""

DIRECTORY_REMEDY = "run this as the service's user, or set database.directory or database.url"

MAY_CHANGE = """
SELECT has_schema_privilege('public', 'CREATE') AND (
    SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
    WHERE oid = to_regclass('public._pogo_migration')
) IS NOT FALSE
"""
"""Whether this role may make tables, and those that there are belong to it."""

DATABASE_FIRST = "see what is said about the database"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known about one thing that the service needs."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    """How to mend it; empty if all is well."""


class ProblemError(Exception):
    """Something is wrong: what, and how to mend it."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


async def check(config: Config) -> list[Finding]:
    """Try everything, side by side."""
    findings = await asyncio.gather(
        _finding("asterisk", check_asterisk(config.asterisk)),
        _finding("xmpp", check_xmpp(config.xmpp, config.http)),
        _finding("database", check_database(config.database)),
        _finding("customers", check_customers(config)),
    )
    return list(findings)


async def _finding(name: str, checking: Awaitable[str]) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return Finding(name, ok=True, detail=await checking)
    except ProblemError as problem:
        return Finding(name, ok=False, detail=str(problem), remedy=problem.remedy)
    except UnusableDirectoryError as error:
        return Finding(name, ok=False, detail=str(error))
    except TimeoutError:
        return Finding(name, False, f"no answer within {PATIENCE:g} s", "is the server overloaded?")


async def check_asterisk(settings: AsteriskConfig) -> str:
    """Return what was found. Raises `ProblemError`."""
    http = AriHttpClient(
        settings.url,
        settings.username,
        settings.password.get_secret_value(),
        timeout=settings.request_timeout,
        tls=settings.tls,
    )
    ari = AriClient(http, settings.url)
    try:
        await ari.load()
        version = await ari.version()
        await _require_modules(ari)
        await _require_write_access(ari)
        is_served = await ari.application_exists(settings.app)
    except AriError as error:
        remedy = error.mending or "see what Asterisk logs"
        raise ProblemError(f"{settings.url}: {error}", remedy) from error
    finally:
        await http.close()
    major = re.search(r"\d+", version)
    if major is not None and int(major[0]) < OLDEST_ASTERISK:
        raise ProblemError(f"Asterisk {version} is too old", f"install {OLDEST_ASTERISK} or later")
    served = "served" if is_served else "not served now"
    return f"Asterisk {version} at {settings.url}; application {settings.app} is {served}"


async def _require_modules(ari: AriClient) -> None:
    missing = ", ".join(sorted(set(ASTERISK_MODULES) - await ari.modules()))
    if missing:
        raise ProblemError(
            f"Asterisk has not loaded {missing}",
            "load it in modules.conf, as asterisk/modules.conf does, and see what Asterisk logs",
        )


async def _require_write_access(ari: AriClient) -> None:
    """Try to do what a read-only user may not do, and what has no effect."""
    try:
        await ari.destroy_bridge("ivr-pubsub-check")
    except AriError as error:
        if error.status != 404:
            raise


async def check_xmpp(settings: XmppConfig, http: HttpConfig) -> str:
    """Return what was found. Raises `ProblemError`."""
    place = f"{settings.host}:{settings.port}"
    status = await running_service(http)
    if status is None:
        await _connect(
            ComponentStream(settings.domain, settings.secret.get_secret_value()), settings
        )
        return f"{place} accepts {settings.domain} with this secret"
    await _connect(Greeting(settings.domain, settings.secret.get_secret_value()), settings)
    if "xmpp" not in status:
        return (
            f"{place} knows {settings.domain}; whether the secret is right was not tried, because"
            f" something runs at http://{http.host}:{http.port}, perhaps the service"
        )
    if not status["xmpp"]["ready"]:
        raise ProblemError(status["xmpp"]["detail"], "this is what the running service says")
    return f"{place} accepts {settings.domain}, says the running service"


async def running_service(http: HttpConfig) -> dict[str, Any] | None:
    """Return what the service says at /readyz; empty: it says nothing; None: nobody is there."""
    timeout = aiohttp.ClientTimeout(total=5)
    url = f"http://{http.host}:{http.port}/readyz"
    try:
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(url) as response:
            status = await response.json()
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}
    says_something = isinstance(status, dict) and isinstance(status.get("xmpp"), dict)
    return status if says_something else {}


class Greeting(ComponentStream):
    """A stream on which the server's greeting is enough: the secret is not sent."""

    def start_stream_handler(self, xml: Element) -> None:
        """Take the server's stream header for its consent."""
        del xml
        self.accepted.set_result(None)


async def _connect(stream: ComponentStream, settings: XmppConfig) -> None:
    stream.begin(lambda _: None)
    try:
        await stream.reach(settings.host, settings.port)
        await asyncio.wait({stream.accepted, stream.ended}, return_when=asyncio.FIRST_COMPLETED)
    except OSError as error:
        raise ProblemError(
            f"cannot connect to {settings.host}:{settings.port}: {error}",
            "check that the server runs and accepts components there (Prosody: component_ports)",
        ) from error
    finally:
        await stream.close(GOODBYE)
    if stream.refusal is not None:
        remedy = HINTS.get(stream.refusal.condition, "see what the server logs")
        raise ProblemError(f"the server refuses {settings.domain}: {stream.refusal}", remedy)
    if not stream.accepted.done():
        raise ProblemError("the server hung up", "check that this is a port for components")


async def check_database(settings: DatabaseConfig) -> str:
    """Return what was found. Raises `ProblemError`."""
    if _is_yet_to_be_made(settings):
        return f"an embedded PostgreSQL will be set up in {settings.directory} when it starts"
    async with database_url(settings) as url:
        return await _check_schema(url)


async def check_customers(config: Config) -> str:
    """Return how customers are looked up. Raises `ProblemError`."""
    settings, database = config.customers, config.database
    url = settings.url.get_secret_value()
    if url:
        return await _check_lookup(url, settings.lookup, "customers.url")
    try:
        if _is_yet_to_be_made(database):
            return "the look-up will be tried when the service starts"
    except ProblemError as error:
        raise ProblemError("the database cannot be asked", DATABASE_FIRST) from error
    async with database_url(database) as own:
        try:
            missing = await migrations.check(own)
        except (*UNAVAILABLE, asyncpg.PostgresError, migrations.MigrationError) as error:
            raise ProblemError("the database cannot be asked", DATABASE_FIRST) from error
        if missing:
            return "the look-up will be tried when the schema is up to date"
        return await _check_lookup(own, settings.lookup, "database.url")


async def _check_lookup(url: str, lookup: str, key: str) -> str:
    async with SqlDirectory(url, lookup) as directory:
        try:
            attributes = await directory.check()
        except StatementError as error:
            raise ProblemError(str(error), error.remedy) from error
        except StoreUnavailableError as error:
            raise ProblemError(str(error), remedy(error.__cause__, key)) from error
    return f"looked up with attributes {', '.join(attributes) or 'none'}"


def _is_yet_to_be_made(settings: DatabaseConfig) -> bool:
    """Tell whether the service will make the data when it starts.

    Raises `ProblemError` if it cannot.
    """
    if not settings.embedded:
        return False
    directory = settings.directory
    try:
        if (directory / "PG_VERSION").exists():
            return False
        if directory.exists() and any(directory.iterdir()):
            raise ProblemError(
                f"{directory} is not empty, and has no data of PostgreSQL",
                "set database.directory to an empty directory, or one that is not there yet",
            )
        parent = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    except OSError as error:
        raise ProblemError(f"{directory} cannot be used: {error}", DIRECTORY_REMEDY) from error
    if not os.access(parent, os.W_OK):
        problem = f"{directory} cannot be created: {parent} is not writable"
        raise ProblemError(problem, DIRECTORY_REMEDY)
    return True


async def _check_schema(url: str) -> str:
    try:
        await require_own_session(lambda: asyncpg.connect(url))
        version, may_change = await _server(url)
        missing = await migrations.check(url)
        lacking = "" if missing else await _lacking(url)
    except migrations.MigrationError as error:
        raise ProblemError(str(error), "use another database or another version") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        place = re.sub("(?<=//).*@|password=[^&]*", "", url)  # without user and password
        raise ProblemError(f"{place}: {error}", remedy(error)) from error
    if missing and not may_change:
        complaint = "migrations are missing, and this role may not apply them"
        raise ProblemError(complaint, "run `ivr-pubsub migrate` as the owner")
    if missing:
        return f"PostgreSQL {version}; the service will bring its schema up to {missing[-1]}"
    if lacking:
        raise ProblemError(lacking, "run sql/grants.sql as the owner, or set its search_path")
    return f"PostgreSQL {version}; the schema is up to date"


async def _server(url: str) -> tuple[str, bool]:
    """Return the version of the server, and whether this role may change the schema.

    Raises what asyncpg raises, also if the server does not let itself be written to.
    """
    connection = await asyncpg.connect(url)
    try:
        await require_writable(connection)
        version = connection.get_server_version()
        may_change: bool = await connection.fetchval(MAY_CHANGE)
    finally:
        await connection.close()
    return f"{version.major}.{version.minor}", may_change


async def _lacking(url: str) -> str:
    """Return which rights this role lacks, in words; empty: none."""
    connection = await asyncpg.connect(url)
    try:
        return await rights.missing(connection)
    finally:
        await connection.close()
