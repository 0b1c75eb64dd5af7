"""What is noted of a caller who keeps the place without staying on the line. Times are in UTC."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A caller who waits is asked where to call back."""

    at: datetime
    """When the caller pressed a key last."""
    digits: str = ""
    """The number, as far as it was keyed."""
    number: str = ""
    """What was read to the caller, who is to confirm it; empty before."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A caller who hung up is called when it is their turn."""

    number: str
    asked_on: str
    """The channel on which the caller waited; `queue_log` names the call by it to the end."""
    asked_at: datetime
    calls: int = 0
    """How often the customer was called so far."""
    called_at: datetime | None = None
    """Since when the customer is called; None while nobody calls."""
    reached_at: datetime | None = None
    """When the customer answered, to be asked to press a key; None before, and afterwards if the
    call came to nothing."""
    again_at: datetime | None = None
    """When the customer may be called again; None is at any time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """That somebody asked to be called back, whatever came of it."""

    call_id: str
    number: str
    """To be called."""
    by: str
    """The number from which the caller asked, as the network had it."""
    at: datetime
