"""What supervisors speak of, as PromQL. `docs/monitoring.md` says what each means.

`{range}` is the time over which one looks, as Prometheus or Grafana spells it.
"""

SELECTED = 'queue=~"$queue"'
OFFERED = f'ivr_wait_seconds_count{{{SELECTED}, result=~"answered|abandoned"}}'
BUSY = "ringing|talking|wrap_up"


def _sum(metric: str, range_: str, *, by: str = "") -> str:
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (increase({metric}[{range_}]))"


def service_level(range_: str, by: str = "") -> str:
    """Answered within the service level, of those who were answered or hung up."""
    in_time = _sum(f"ivr_answered_in_time_total{{{SELECTED}}}", range_, by=by)
    return f"{in_time} / {_sum(OFFERED, range_, by=by)}"


def abandonment(range_: str, by: str = "") -> str:
    """Hung up before they were answered, of those who were answered or hung up."""
    abandoned = f'ivr_wait_seconds_count{{{SELECTED}, result="abandoned"}}'
    return f"{_sum(abandoned, range_, by=by)} / {_sum(OFFERED, range_, by=by)}"


def speed_of_answer(range_: str, by: str = "") -> str:
    """Seconds that answered callers waited, on average."""
    answered = f'{{{SELECTED}, result="answered"}}'
    waited = _sum(f"ivr_wait_seconds_sum{answered}", range_, by=by)
    return f"{waited} / {_sum(f'ivr_wait_seconds_count{answered}', range_, by=by)}"


def handle_time(range_: str, by: str = "") -> str:
    """Seconds of talk and wrap-up for each answered call, on average."""
    talked = _sum(f"ivr_talk_seconds_sum{{{SELECTED}}}", range_, by=by)
    wrapped = _sum(f"ivr_wrap_up_seconds_sum{{{SELECTED}}}", range_, by=by)
    calls = _sum(f"ivr_talk_seconds_count{{{SELECTED}}}", range_, by=by)
    return f"({talked} + {wrapped}) / {calls}"


def occupancy(range_: str, by: str = "") -> str:
    """Share of the time in which agents had or awaited a call that they had one."""
    time = "ivr_agent_seconds_total"
    busy = _sum(f'{time}{{{SELECTED}, state=~"{BUSY}"}}', range_, by=by)
    ready = _sum(f'{time}{{{SELECTED}, state=~"{BUSY}|available"}}', range_, by=by)
    return f"{busy} / {ready}"
