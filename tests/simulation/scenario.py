"""How a world is: drawn from the seed, so that each seed is a call centre of its own."""

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from random import Random

from component.domain import presence
from component.domain.queue import AutoPause, CallingBack, Queue, StrategyName

EXITS = "exits"
"""The context that has an extension for one of the keys."""

EXIT_KEY = "0"

CALLBACK_KEY = "3"

NUMBER = "4000"
"""A number of somebody who is no agent."""

QUEUE_NUMBER = "4100"
"""A number by which the dialplan sends a caller to a queue."""

CUSTOMERS = "Local/{number}@customers/n"
"""What is dialled to call a customer back."""


DOORS = tuple(
    presence.conditions(words, joining=True)
    for words in (
        "penalty", "penalty", "penalty", "yes", "yes", "loose", "strict", "no", "paused,inuse",
        "ringing,inuse", "wrapup", "unavailable,unknown", "paused,invalid,wrapup,penalty",
    )
)  # fmt: skip
"""When a queue counts as empty."""

GOES_ON = "options=c"
"""What a caller brings along who goes on in the dialplan once the agent hangs up."""

WISHES = (
    "", "", "max_penalty=0", "min_penalty=1", "skills=french:2", "skills=french,max_penalty=0",
    "timeout=7", GOES_ON,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faults:
    """How often what goes wrong. Numbers of times per 1,000 s, or probabilities."""

    crash: float
    """The service is killed."""
    crash_at_commit: float
    """Probability, per commit, that the service dies between commit and act."""
    crash_at_request: float
    """Probability, per request, that the service dies before the answer."""
    store_away: float
    commit_in_doubt: float
    """Probability, per commit, that it succeeds and the answer is lost."""
    commit_slow: float
    """Probability, per commit, that it takes seconds."""
    lookup_lost: float
    """Probability, per look-up of a customer, that nobody ever answers."""
    socket_drop: float
    socket_deaf: float
    """The event socket seems to live, but brings nothing any more."""
    socket_closes: float
    """Probability, per request, that the socket is closed before the answer."""
    asterisk_restart: float
    asterisk_freeze: float
    """It stands still for a while."""
    request_lost: float
    """Probability, per request, that it, or its answer, is lost."""
    talk_refused: float
    """Probability, each time that caller and agent are to talk, that they cannot."""
    event_doubled: float
    """Probability, per event, that it is told twice."""
    xmpp_drop: float
    xmpp_restart: float
    phone_vanishes: float
    """Per 1,000 s, a phone is unregistered for a while."""
    phone_vanishes_then: float = 0.0
    """Probability, each time the connection to Asterisk is made, that a phone that rings is."""


NO_FAULTS = Faults(**dict.fromkeys((field.name for field in fields(Faults)), 0.0))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call centre and what befalls it."""

    agents: int
    queues: tuple[Queue, ...]
    calls: int
    """In each phase; after a phase all faults end and nothing may be left over."""
    phases: int
    callers_per_second: float
    log_changes_per_second: float
    """Agents who log on or off, pause or go on."""
    talk_seconds: float
    patience_seconds: float
    priorities: int
    """How many priorities callers have."""
    answers: float
    """The probability that a phone is answered rather than rejected, busy or let ring."""
    transfers: float
    """The probability that an agent passes a call on."""
    event_delay: float
    """Seconds that an event takes, at most."""
    faults: Faults
    attended: float = 0.0
    """The probability that an agent who wishes to pass a call on asks somebody first."""
    enquiries: float = 0.0
    """The probability that who asks somebody calls a queue, and asks whoever answers there."""
    early_transfers: float = 0.0
    """The probability that an agent passes a call on as soon as it is answered."""
    people: int = 0
    """Who log on by number at any desk, besides those whose desk it is."""
    supervised_per_second: float = 0.0
    """Callers whom a supervisor moves or takes out, and other things that supervisors do."""
    keys_per_second: float = 0.0
    """Callers who press a key; one of the keys is an exit."""
    wishes: tuple[str, ...] = ("",)
    """What callers bring along, as arguments of `Stasis()`."""
    changes_per_second: float = 0.0
    """Queues, members and agents to whom the operator gives other settings."""
    removals_per_second: float = 0.0
    """Queues and memberships that the operator removes, and soon replaces."""
    queues_removed: float = 0.3
    """The probability that it is a queue."""
    callbacks_per_second: float = 0.0
    """Callers who ask to be called back."""
    reached: float = 0.5
    """The probability that a customer who is called back answers."""
    hang_ups: float = 0.0
    """The probability that an agent, having answered, soon hangs up, having heard the caller or
    not."""
    max_calls: int = 1
    """How many calls each agent may have at once."""
    extensions_per_second: float = 0.0
    """Extensions that the operator removes, and soon adds again; moves to another phone; or lets
    have more calls at once, or fewer."""
    comebacks_per_second: float = 0.0
    """Agents who look whether they are logged off or paused, and end that."""
    phone_states_per_second: float = 0.0
    """Phones on which calls are held, or taken up again; that say they are busy when in use; or
    that Asterisk does not know for a while."""
    undisturbed_per_second: float = 0.0
    """Agents who want no calls at all, or want them again."""
    returns: float = 0.0
    """The probability that the dialplan, given a caller back, sends the caller to a queue again."""
    wrong_pins: float = 0.0
    """The probability that somebody keys a wrong PIN."""
    replacements_per_second: float = 0.0
    """Callers who call for somebody, and pass him on to us."""
    membership: float = 1.0
    """How many of the agents are members of each queue; the others are of none of it."""
    commit_seconds: float = 0.005
    """How long a commit takes at most: the longer, the more facts share the next one."""

    @property
    def acts_late(self) -> bool:
        """Whether Asterisk may do what it was asked for long after it was asked once more."""
        return bool(self.faults.request_lost or self.faults.asterisk_freeze)


RAREST = 0.1
"""Somebody calls every ten seconds: else all that goes wrong does so while nobody is there."""


def draw(seed: int, calls: int = 60) -> Scenario:
    """Return the call centre of a seed."""
    dice = Random(f"scenario {seed}")
    queues = tuple(draw_queue(dice, number) for number in range(dice.choice((1, 1, 2, 3))))
    agents = dice.choice((1, 2, 3, 5, 8, 20))
    talk = dice.choice((2.0, 10.0, 30.0))
    scenario = Scenario(
        agents=agents,
        queues=queues,
        calls=calls,
        phases=2,
        callers_per_second=max(RAREST, agents / (talk + 3) * dice.choice((0.3, 0.9, 2.0))),
        log_changes_per_second=dice.choice((0.0, 0.02, 0.2)),
        talk_seconds=talk,
        patience_seconds=dice.choice((5.0, 30.0, 200.0)),
        priorities=dice.choice((1, 1, 3)),
        answers=dice.choice((1.0, 0.8, 0.4)),
        transfers=dice.choice((0.0, 0.5, 0.9)),
        attended=dice.choice((0.0, 0.5, 0.9)),
        early_transfers=dice.choice((0.0, 0.2)),
        people=dice.choice((0, 0, 2)),
        supervised_per_second=dice.choice((0.0, 0.0, 0.5)),
        event_delay=dice.choice((0.001, 0.02, 0.2)),
        faults=_faults(dice),
        keys_per_second=dice.choice((0.0, 0.2)),
        wishes=dice.choice((("",), WISHES)),
        changes_per_second=dice.choice((0.0, 0.0, 0.2)),
        hang_ups=dice.choice((0.0, 0.2)),
    )
    scenario = _calling_back(dice, scenario)
    scenario = _several_calls(Random(f"several calls {seed}"), scenario)  # seeds stay alike
    removals = Random(f"removals {seed}").choice((0.0, 0.0, 0.05))
    scenario = replace(
        scenario,
        removals_per_second=removals,
        faults=replace(
            scenario.faults,
            phone_vanishes_then=Random(f"vanishing {seed}").choice((0.0, 0.7)),
        ),
        undisturbed_per_second=Random(f"undisturbed {seed}").choice((0.0, 0.0, 0.1)),
        returns=Random(f"returns {seed}").choice((0.0, 0.0, 0.5)),
        extensions_per_second=Random(f"extensions {seed}").choice((0.0, 0.0, 0.1)),
        comebacks_per_second=agents * Random(f"comebacks {seed}").choice((0.0, 0.1, 0.3)),
        phone_states_per_second=agents * Random(f"states {seed}").choice((0.0, 0.0, 0.02)),
        enquiries=Random(f"enquiries {seed}").choice((0.0, 0.3, 0.9)),
        wrong_pins=Random(f"PINs {seed}").choice((0.0, 0.2, 0.6)),
        membership=Random(f"members {seed}").choice((1.0, 1.0, 0.6)),
        replacements_per_second=Random(f"hand-over {seed}").choice((0.0, 0.0, 0.2)),
        commit_seconds=Random(f"commits {seed}").choice((0.005, 0.005, 0.05)),
    )
    return scenario if dice.random() < 0.9 else replace(scenario, faults=NO_FAULTS)


def _calling_back(dice: Random, scenario: Scenario) -> Scenario:
    """Let half of the call centres call back."""
    if dice.random() < 0.5:
        return scenario
    terms = CallingBack(
        key=CALLBACK_KEY,
        dial=CUSTOMERS,
        maxlen=dice.choice((2, 20)),
        per_number=20,
        per_day=10_000,
        max_age=timedelta(seconds=dice.choice((8.0, 60.0, 120.0))),
        timeout=timedelta(seconds=dice.choice((2.0, 10.0))),
        tries=dice.choice((1, 3)),
        retry=timedelta(seconds=dice.choice((1.0, 10.0))),
    )
    return replace(
        scenario,
        queues=tuple(replace(queue, callback=terms) for queue in scenario.queues),
        callbacks_per_second=dice.choice((0.2, 1.0)),
        reached=dice.choice((0.4, 0.9)),
    )


def _several_calls(dice: Random, scenario: Scenario) -> Scenario:
    """Let the agents of a quarter of the call centres have several calls at once."""
    if dice.random() < 0.75:
        return scenario
    queues = tuple(replace(queue, ringinuse=dice.random() < 0.8) for queue in scenario.queues)
    return replace(scenario, queues=queues, max_calls=dice.choice((2, 3)))


def draw_queue(dice: Random, number: int) -> Queue:
    """Return settings of a queue."""
    announce = dice.choice((0.0, 5.0, 30.0))
    return Queue(
        f"queue{number}",
        timeout=timedelta(seconds=dice.choice((1.0, 5.0, 15.0))),
        retry=timedelta(seconds=dice.choice((0.1, 2.0, 5.0))),
        max_wait=timedelta(seconds=dice.choice((10.0, 60.0, 100.0))),
        # Several legs at once are where most can go wrong.
        strategy=dice.choice((*StrategyName, *[StrategyName.RINGALL] * 3)),
        wrapuptime=timedelta(seconds=dice.choice((0.0, 0.0, 1.0, 20.0))),
        ringinuse=dice.random() < 0.1,
        autopause=dice.choice((AutoPause.NO, AutoPause.NO, AutoPause.YES, AutoPause.ALL)),
        weight=dice.choice((0, 0, 5)),
        announce_frequency=timedelta(seconds=announce),
        periodic_announce_frequency=timedelta(seconds=announce * 1.5),
        min_announce_frequency=timedelta(seconds=2),
        context=EXITS,
        memberdelay=timedelta(seconds=dice.choice((0.0, 0.0, 1.5, 4.0))),
        sticky=timedelta(seconds=dice.choice((0.0, 60.0, 600.0))),
        sticky_wait=timedelta(seconds=dice.choice((0.0, 10.0))),
        skills_timeout=timedelta(seconds=dice.choice((0.0, 8.0))),
        maxlen=dice.choice((0, 0, 0, 3)),
        joinempty=dice.choice(DOORS),
        leavewhenempty=dice.choice(DOORS),
    )


MOST_RUNG = 1000
"""With more agents no queue rings all phones for one caller."""


def never_ringing_all(queue: Queue) -> Queue:
    """Return a queue that rings one phone for a caller, and goes round."""
    if queue.strategy is not StrategyName.RINGALL:
        return queue
    return replace(queue, strategy=StrategyName.RRMEMORY)


def large(seed: int, agents: int, calls: int) -> Scenario:
    """Return the call centre of a seed, but a big one."""
    small = draw(seed, calls)
    times = agents / 20
    faults, queues = small.faults, small.queues
    if agents > MOST_RUNG:
        queues = tuple(map(never_ringing_all, queues))
    return replace(
        small,
        agents=agents,
        queues=queues,
        phases=1,
        callers_per_second=agents / (small.talk_seconds + 5) * Random(seed).choice((0.5, 0.9, 1.1)),
        log_changes_per_second=max(small.log_changes_per_second, 0.01) * times,
        people=small.people and agents // 4,
        supervised_per_second=small.supervised_per_second * times,
        keys_per_second=small.keys_per_second * times,
        replacements_per_second=small.replacements_per_second * times,
        undisturbed_per_second=small.undisturbed_per_second * times,
        comebacks_per_second=small.comebacks_per_second / small.agents * agents,
        phone_states_per_second=small.phone_states_per_second / small.agents * agents,
        callbacks_per_second=small.callbacks_per_second * times,
        removals_per_second=small.removals_per_second * times,
        queues_removed=small.queues_removed / times,
        extensions_per_second=small.extensions_per_second * times,
        # What may befall each request and each commit does not grow more frequent.
        faults=replace(
            faults,
            crash_at_commit=faults.crash_at_commit / times,
            crash_at_request=faults.crash_at_request / times,
            commit_in_doubt=faults.commit_in_doubt / times,
            commit_slow=faults.commit_slow / times,
            socket_closes=faults.socket_closes / times,
            request_lost=faults.request_lost / times,
        ),
    )


def _faults(dice: Random) -> Faults:
    """Each kind is absent in most of the seeds: what hides behind another fault shows there."""

    def often(*choices: float) -> float:
        return dice.choice(choices) if dice.random() < 0.35 else 0.0

    return Faults(
        crash=often(5, 20),
        crash_at_commit=often(0.002, 0.02),
        crash_at_request=often(0.0005, 0.005),
        store_away=often(5, 20),
        commit_in_doubt=often(0.002, 0.02),
        commit_slow=often(0.002, 0.02),
        lookup_lost=often(0.05, 0.5),
        socket_drop=often(5, 30),
        socket_deaf=often(5, 10),
        socket_closes=often(0.001, 0.01),
        asterisk_restart=often(3, 10),
        asterisk_freeze=often(3, 10),
        request_lost=often(0.002, 0.02),
        talk_refused=often(0.1, 0.3),
        event_doubled=often(0.05, 0.5),
        xmpp_drop=often(5, 50),
        xmpp_restart=often(5, 20),
        phone_vanishes=often(20, 100),
    )
