"""The configuration file read anew while the service runs: what can change then does.

Each key that is not in `AT_RUN_TIME` needs a restart: sockets that are open, connections that are
made, what XMPP servers have been told of us.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator

import structlog

from component.config import Config, ConfigError, keys
from component.domain.model import Person
from component.operations.changes import Change, Reload
from component.operations.desk import Books
from component.operations.model import RefusedError

log = structlog.get_logger(__name__)

AT_RUN_TIME = frozenset(
    {
        ("xmpp", "supervisors"),
        ("xmpp", "services"),
        ("xmpp", "admins"),
        ("agi", "deadline"),
        ("customers", "lookup"),
        ("log", "format"),
        ("log", "level"),
        ("log", "personal_data"),
        ("pubsub", "history"),
        ("pubsub", "create"),
        ("pubsub", "account_limit"),
        ("pubsub", "domain_limit"),
        ("pubsub", "total_limit"),
        ("records", "calls_days"),
        ("records", "choices_days"),
        ("records", "queue_log_days"),
    }
)
"""The keys, with their sections, that are taken over without a restart."""

Key = tuple[str, str]


class Reloader:
    """Compares the configuration in force with that of the file, and takes over what can be.

    `read` reads the file and raises `ConfigError`; `take_over` is given what is to be in force, and
    raises `RefusedError` or `StoreUnavailableError` if it cannot be.
    """

    def __init__(
        self,
        config: Config,
        read: Callable[[], Config],
        take_over: Callable[[Config], Awaitable[None]],
    ) -> None:
        self._config = config
        self._read = read
        self._take_over = take_over
        self._turn = asyncio.Lock()

    async def __call__(self) -> str:
        """Read the file; return in words what came of it.

        Raises `RefusedError`, or as `take_over` does; nothing has changed then.
        """
        async with self._turn:
            try:
                found = self._read()
            except ConfigError as error:
                raise RefusedError(" ".join(str(error).split())) from error
            changed = list(differences(self._config, found))
            now, later = split(changed)
            if now:
                config = merged(self._config, found, now)
                await self._take_over(config)
                self._config = config
            said = _told(now, later)
            log.info("configuration file read anew", result=said)
            return said


class LiveBooks:
    """Books in which `Reload` concerns the configuration file, too."""

    def __init__(self, books: Books, reload: Callable[[], Awaitable[str]]) -> None:
        self._books = books
        self._reload = reload

    async def write(self, change: Change) -> str:
        """As `Books` does. The file comes first: it may be wrong."""
        said = await self._reload() if isinstance(change, Reload) else ""
        more = await self._books.write(change)
        return f"{said} {more}".strip()

    async def person(self, number: str) -> Person | None:
        """As `Books` does."""
        return await self._books.person(number)


def differences(old: Config, new: Config) -> Iterator[Key]:
    """Yield the keys that have another value."""
    for section in Config.model_fields:
        for key in keys(section):
            if getattr(getattr(old, section), key) != getattr(getattr(new, section), key):
                yield section, key


def split(changed: Iterable[Key]) -> tuple[list[Key], list[Key]]:
    """Return the keys that can be taken over now, and those that need a restart."""
    now: list[Key] = []
    later: list[Key] = []
    for key in changed:
        (now if key in AT_RUN_TIME else later).append(key)
    return now, later


def merged(old: Config, new: Config, taken: Iterable[Key]) -> Config:
    """Return the old configuration with these keys as they are in the new one."""
    for section, key in taken:
        value = getattr(getattr(new, section), key)
        changed = getattr(old, section).model_copy(update={key: value})
        old = old.model_copy(update={section: changed})
    return old


def _told(now: list[Key], later: list[Key]) -> str:
    said = [f"Taken over from the file: {_named(now)}."] if now else []
    said += [f"Not before a restart: {_named(later)}."] if later else []
    return " ".join(said) or "The file has nothing new."


def _named(some: list[Key]) -> str:
    return ", ".join(f"[{section}] {key}" for section, key in some)
