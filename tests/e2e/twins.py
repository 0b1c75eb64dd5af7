"""Queues that are there twice, once as app_queue's and once as ours: same settings, same agents.

Each team has the agents A, B and C on either side, and queues in which nobody else is. Callers dial
`ours*simply*linear`, phones `theirs*add*0*linear`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Settings = Mapping[str, str]
"""As in `queues.conf`."""

COMMON: Settings = {
    "strategy": "linear",
    "timeout": "60",
    "retry": "1",
    "ringinuse": "no",
    "joinempty": "yes",
    "leavewhenempty": "no",
}
"""What holds where a queue says nothing else."""

SIDES = ("ours", "theirs")

AGENTS = "ABC"


@dataclass(frozen=True, slots=True)
class Team:
    """Three agents, and the queues that they serve."""

    queues: Mapping[str, Settings]
    penalties: Mapping[str, int] = field(default_factory=dict)
    """Of whom it is not 0."""
    technologies: Mapping[str, str] = field(default_factory=dict)
    """Of the agents whose devices are no phones."""

    def penalty(self, who: str) -> int:
        """Return what an agent has in all queues of the team."""
        return self.penalties.get(who, 0)


def _of_strategy(name: str, **penalties: int) -> Team:
    return Team({name: {"strategy": name}}, penalties)


def _empty_if(word: str) -> Settings:
    return {"joinempty": word, "leavewhenempty": word}


WORDS = ("inuse", "loose", "paused", "penalty", "ringing", "strict", "unavailable", "wrapup")
"""Which members do not count as there."""

TEAMS: Mapping[str, Team] = {
    "linear": _of_strategy("linear"),
    "rrmemory": _of_strategy("rrmemory"),
    "rrordered": _of_strategy("rrordered"),
    "leastrecent": _of_strategy("leastrecent"),
    "fewestcalls": _of_strategy("fewestcalls"),
    "random": _of_strategy("random", C=1),
    "wrandom": _of_strategy("wrandom", C=1),
    "priority": Team({"priority": {}}),
    "weight": Team({"light": {"weight": "1"}, "heavy": {"weight": "5"}}),
    "penalty": Team({"penalties": {}}, {"A": 1, "B": 2, "C": 3}),
    "wrapuptime": Team({"paperwork": {"wrapuptime": "2"}, "other": {}}),
    "memberdelay": Team({"memberdelay": {"memberdelay": "3"}}),
    "autopause": Team({"autopause": {"autopause": "all"}, "another": {}}),
    "maxlen": Team({"maxlen": {"maxlen": "1"}}),
    "withdraw": Team({"withdraw": {}}),
    "limit": Team({"limit": {}}, {"A": 2}),
    "states": Team(
        {word: _empty_if(word) for word in ("invalid", "unknown")},
        technologies={"A": "Nothing", "B": "Recorder"},  # Asterisk's own, which tells no state
    ),
    "empty": Team(
        {word: _empty_if(word) for word in WORDS}
        | {"no": {"joinempty": "no", "leavewhenempty": "yes"}, "never": {}},
        {"A": 1},
    ),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How callers enter a queue: the same in the words of either side."""

    ours: str = ""
    """Arguments of `Stasis()` after the queue and the customer code."""
    theirs: str = ""
    """Arguments of `Queue()` after the queue."""
    variable: str = ""
    """What is set for app_queue, as an assignment."""


MANNERS: Mapping[str, Manner] = {
    "simply": Manner(),
    "briefly": Manner(",timeout=1", ",,,1"),
    "first": Manner("5", variable="QUEUE_PRIO=5"),
    "picky": Manner(",min_penalty=2", variable="QUEUE_MIN_PENALTY=2"),
    "modest": Manner(",max_penalty=1", variable="QUEUE_MAX_PENALTY=1"),
    "further": Manner(",options=c", "c"),
}
"""By what callers dial. An n, x or z would be a pattern's."""


def extension(side: str, team: str, who: str) -> str:
    """Return an agent's number.

    Where app_queue takes members for equal, it goes by a hash of the first characters of their
    interface. That rises with the last digit of the numbers of the first ten teams.
    """
    first = {"ours": 4, "theirs": 8}[side]
    return f"{first}{list(TEAMS).index(team):02}{AGENTS.index(who) + 1}"


def device(side: str, team: str, who: str) -> str:
    """Return the device that an agent is rung at."""
    return f"{TEAMS[team].technologies.get(who, 'PJSIP')}/{extension(side, team, who)}"


def extensions(side: str) -> Iterator[tuple[str, str, str]]:
    """Yield all numbers of a side, each with its team and agent."""
    for team in TEAMS:
        for who in AGENTS:
            yield extension(side, team, who), team, who


def sql() -> str:
    """Return what puts our queues and agents into the database."""
    statements = [
        f"INSERT INTO extensions (extension, device, jid)"
        f" VALUES ('{number}', '{device('ours', team, who)}', 'user1@example.com');"
        for number, team, who in extensions("ours")
    ]
    for team in TEAMS.values():
        for name, settings in team.queues.items():
            columns = {"name": name, **COMMON, **settings}
            values = ", ".join(f"'{value}'" for value in columns.values())
            statements.append(f"INSERT INTO queues ({', '.join(columns)}) VALUES ({values});")
    statements += (
        f"INSERT INTO members (queue, extension, penalty)"
        f" VALUES ('{queue}', '{number}', {TEAMS[team].penalty(who)});"
        for number, team, who in extensions("ours")
        for queue in TEAMS[team].queues
    )
    return "\n".join(statements)


def queues_conf() -> str:
    """Return what makes app_queue's queues."""
    lines = []
    for team in TEAMS.values():
        for name, settings in team.queues.items():
            lines += [f"[{name}]", "autofill = yes"]
            lines += [f"{option} = {value}" for option, value in {**COMMON, **settings}.items()]
    return "\n".join([*lines, ""])


def pjsip_conf() -> str:
    """Return what lets the agents of both sides register, without a password."""
    numbers = [number for side in SIDES for number, _, _ in extensions(side)]
    return "".join(f"\n[{n}](phone)\naors = {n}\n[{n}](phone-contact)\n" for n in numbers)


def dialplan() -> str:
    """Return what leads callers and agents to the queues of either side."""
    callers = "".join(
        _way_in(side, name, manner) for side in SIDES for name, manner in MANNERS.items()
    )
    return f"\n[from-callers](+)\n{callers}{_NUMBERS}"


def _way_in(side: str, name: str, manner: Manner) -> str:
    number = f"{side}*{name}*"
    queue = f"${{EXTEN:{len(number)}}}"
    enter = f"Stasis(${{IVR_APP}},{queue},,{manner.ours})"
    if side == "theirs":
        enter = f"Queue({queue},{manner.theirs})"
    variable = f" same => n,Set({manner.variable})\n" if manner.variable else ""
    return (
        f"exten => _{number}.,1,Answer(,i)\n{variable} same => n,{enter}\n"
        f" same => n,Set(GLOBAL(LEFT_{side}_${{CALLERID(num)}})=${{QUEUESTATUS}})\n"
    )


_NUMBERS = """\
exten => _[48]XXX,1,Dial(PJSIP/${EXTEN},20)

[from-phones](+)
exten => elsewhere,1,Answer(,i)
 same => n,Wait(60)
exten => _ours*add*X*.,1,AGI(${IVR_AGI}/logon,PJSIP/${CHANNEL(endpoint)},${EXTEN:11})
exten => _theirs*add*X*.,1,Set(WHO=${CHANNEL(endpoint)})
 same => n,AddQueueMember(${EXTEN:13},PJSIP/${WHO},${EXTEN:11:1},,${WHO})
exten => _ours*drop*.,1,AGI(${IVR_AGI}/logoff,PJSIP/${CHANNEL(endpoint)},${EXTEN:10})
exten => _theirs*drop*.,1,RemoveQueueMember(${EXTEN:12},PJSIP/${CHANNEL(endpoint)})
exten => _ours*pause*!,1,AGI(${IVR_AGI}/pause,PJSIP/${CHANNEL(endpoint)},${EXTEN:11})
exten => _theirs*pause*!,1,PauseQueueMember(${EXTEN:13},PJSIP/${CHANNEL(endpoint)})
exten => _ours*resume*!,1,AGI(${IVR_AGI}/unpause,PJSIP/${CHANNEL(endpoint)},${EXTEN:12})
exten => _theirs*resume*!,1,UnpauseQueueMember(${EXTEN:14},PJSIP/${CHANNEL(endpoint)})
"""
