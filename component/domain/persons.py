"""People who log on at whichever extension they sit at; see `docs/decisions`."""

from dataclasses import replace

from component.domain.commands import Command, HostNode
from component.domain.errors import AgentElsewhereError, ExtensionInUseError
from component.domain.model import Agent, Person
from component.domain.state import State


def arrive(state: State, agent: Agent, person: Person | None) -> list[Command]:
    """Let a person, or the extension's own agent (None), log on at an extension.

    Raises `ExtensionInUseError` if somebody else is logged on there or has a call in hand,
    `AgentElsewhereError` if the person is logged on elsewhere.
    """
    here = agent.person
    busy = agent.leg is not None  # its call is shown to who has it, and to nobody else
    occupied = busy or here is not None or _is_logged_on(state, agent.extension)
    if occupied and _number(here) != _number(person):
        raise ExtensionInUseError(extension=agent.extension)
    if person is None or occupied:
        return []
    elsewhere = state.extension_of(person.number)
    if elsewhere is not None:
        raise AgentElsewhereError(agent=person.number, extension=elsewhere)
    return _seat(state, agent, person)


def leave(state: State) -> list[Command]:
    """Let those go who are logged off from everything, and have no call in hand."""
    commands: list[Command] = []
    for extension in state.take_vacated():
        agent = state.agents.get(extension)
        if agent is None or agent.person is None or agent.leg is not None:
            continue
        if not _is_logged_on(state, extension):
            commands += _seat(state, agent, None)
    return commands


def _seat(state: State, agent: Agent, person: Person | None) -> list[Command]:
    seated = replace(agent, person=person)
    state.agents.put(agent.extension, seated)
    if seated.account == agent.account:
        return []
    return [HostNode(agent.extension, seated.account)]


def _is_logged_on(state: State, extension: str) -> bool:
    members = (state.members[queue, extension] for queue in state.queues_of(extension))
    return any(member.logged_on_at is not None for member in members)


def _number(person: Person | None) -> str | None:
    return None if person is None else person.number
