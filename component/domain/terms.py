"""What a caller brings along: whom the call may be offered to, how long to wait, what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Need:
    """Which members may be offered a call."""

    min_penalty: int = 0
    max_penalty: int | None = None
    """`QUEUE_MIN_PENALTY` and `QUEUE_MAX_PENALTY` of app_queue; None is any."""
    skills: frozenset[tuple[str, int]] = frozenset()
    """Skills that an agent must have, each with the least level."""

    def allows(self, penalty: int) -> bool:
        """Tell whether a member with this penalty is within the limits."""
        return self.min_penalty <= penalty and (
            self.max_penalty is None or penalty <= self.max_penalty
        )

    @property
    def allows_any(self) -> bool:
        """Whether there are no limits."""
        return self.min_penalty == 0 and self.max_penalty is None

    def met_by(self, penalty: int, skills: Mapping[str, int]) -> bool:
        """Tell whether a member with this penalty and these skills may be offered the call."""
        return self.allows(penalty) and all(
            skills.get(name, 0) >= level for name, level in self.skills
        )


ANYBODY = Need()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the dialplan asks for on behalf of one caller."""

    need: Need = ANYBODY
    timeout: timedelta | None = None
    """How long the caller waits; None is as long as the queue says."""
    continues: bool = False
    """Whether the caller goes back to the dialplan when the agent hangs up."""


USUAL = Terms()
