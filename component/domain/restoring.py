"""Agents as they are when the service starts: with the calls that they have in hand.

The database forgets an agent with the extension, though the call goes on, and knows one of whom
nothing was noted since the extension was added again. What calls say of them it keeps.
"""

from collections.abc import Iterable
from datetime import datetime

from component.domain import hands
from component.domain.model import Agent, Call, Offer
from component.domain.words import CallState


def in_hand(agents: Iterable[Agent], calls: Iterable[Call]) -> list[Agent]:
    """Return the agents, each with all legs that ring at or talk with an extension.

    Those of whom there is nothing else are among them: without a device and an account, which
    nobody knows. They are removed, as gently as any who talk, once it is seen that they are not
    configured.
    """
    found = {agent.extension: agent for agent in agents}
    held = {leg for agent in found.values() for leg in agent.legs}
    open_offers = ((call, offer) for call in calls for offer in call.offers if not call.outcome)
    lost = [(call, offer) for call, offer in open_offers if offer.leg not in held]
    for call, offer in sorted(lost, key=_in_order):
        agent = found.get(offer.extension) or Agent(offer.extension, device="", jid="")
        agent = hands.take_up(agent, offer.leg, call.queue)
        if call.state is CallState.ANSWERED:
            agent = hands.answer(agent)
        found[agent.extension] = agent
    return list(found.values())


def _in_order(in_hand: tuple[Call, Offer]) -> tuple[bool, datetime]:
    """Have what an agent talks on come before what rings: that is the foremost."""
    call, offer = in_hand
    return call.is_waiting, offer.offered_at
