"""What the figures are called."""

OURS = "this service"
THEIRS = "app_queue"
SPAWNED = "spawned script"
FAST = "FastAGI"

ENTERS = "A caller enters and an agent is free"
FREE = "An agent comes free and callers wait"
TURNS = "Whose turn it is"
RATE = "Calls a second"
LOOKUPS = "A customer is looked up"


def entry(agents: int, statistic: str = "p50") -> str:
    """Name the time from the caller's INVITE to that at the agent's telephone."""
    return f"{agents:,} agents: caller's INVITE → agent's INVITE, ms {statistic}"


def cpu(agents: int, process: str) -> str:
    """Name what a process used for a call."""
    return f"{agents:,} agents: CPU ms per call, {process}"


def free(agents: int, statistic: str = "p50") -> str:
    """Name the time from an agent's BYE to the next INVITE at the same telephone."""
    return f"{agents:,} agents: agent's BYE → the next call's INVITE, ms {statistic}"


def turn(agents: int) -> str:
    """Name the share of offers to whom it was due, by the clock of the telephones."""
    return f"{agents:,} agents: offers to the one idle the longest, %"


def recorded_turn(agents: int) -> str:
    """Name the share of offers to whom it was due, by what is recorded of choices and calls."""
    return f"{agents:,} agents: offers to the one idle the longest, by the records, %"


def late(agents: int) -> str:
    """Name by how much those were passed over who were."""
    return f"{agents:,} agents: idle longer than the one offered, ms at most"


def sustained(agents: int) -> str:
    """Name the most calls a second that are offered within a second."""
    return f"{agents:,} agents: calls/s sustained"


def at_rate(rate: int, statistic: str = "p50") -> str:
    """Name the time to an agent's INVITE at so many calls a second."""
    return f"{rate} calls/s: caller's INVITE → agent's INVITE, ms {statistic}"


def cpu_at_rate(rate: int, process: str) -> str:
    """Name what a process used for a call of so many a second."""
    return f"{rate} calls/s: CPU ms per call, {process}"


def lookup(at_once: int) -> str:
    """Name the time that a look-up adds to a call."""
    return f"{at_once} at once: what it adds to a call, ms p50"


def bare(at_once: int) -> str:
    """Name the time of such a call without a look-up."""
    return f"{at_once} at once: the call without it, ms p50"
