"""Times as XMPP writes them (XEP-0082)."""

import re
from datetime import UTC, datetime, timedelta

from component.handlers.namespaces import DELAY, TIME
from component.handlers.stanza import Engine, IqRequest, Routes, check_address, qualified
from component.markup import Markup, element, text

FEATURES = (TIME,)

_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_MIDNIGHT = re.compile(r"T24(?=:00:00(\.0+)?[Z+-])")
"""The end of a day, which is the beginning of the next one."""

_BLANKS = "\t\n\r "
"""What may stand around a time, as around anything of XML Schema but texts."""


def written_time(time: datetime) -> str:
    """Return a time as it is written, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_time(written: str) -> datetime:
    """Return the time that is written; digits beyond microseconds are cut off.

    XML Schema says what is a DateTime where XEP-0082 does not (§3.2). Raises ValueError for what is
    not one with a time zone, or no time that there is.
    """
    written = written.strip(_BLANKS)
    if _DATE_TIME.fullmatch(written) is None:
        raise ValueError("this is not a DateTime of XEP-0082")
    written, ends = _MIDNIGHT.subn("T00", written)
    try:
        return (datetime.fromisoformat(written) + timedelta(days=ends)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is in no calendar") from error


def delay(sender: str, time: datetime) -> Markup:
    """Return that something was sent at that time, and not only now (XEP-0203 §2)."""
    return element("delay", {"xmlns": DELAY, "from": sender, "stamp": written_time(time)})


class TimeHandlers:
    """Says what time it is here (XEP-0202), at every address that exists."""

    def __init__(self, engine: Engine, domain: str) -> None:
        self._engine = engine
        self._domain = domain
        self.routes: Routes = {("get", qualified(TIME, "time")): self._time}

    async def _time(self, request: IqRequest) -> Markup:
        await check_address(self._engine, self._domain, request.address)
        now = await self._engine.pubsub(lambda _, now: now)
        utc = element("utc", None, text(written_time(now)))
        return element("time", {"xmlns": TIME}, element("tzo", None, text("+00:00")), utc)
