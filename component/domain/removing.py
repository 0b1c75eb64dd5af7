"""What has to stay as long as calls need it, though somebody wishes it gone.

This is for people who ask. What is gone from the configuration all the same is taken out of service
as gently as can be: see `component.domain.configuring`.
"""

from component.domain.errors import CallersWaitError, CallInHandError
from component.domain.state import State


def check_extension(state: State, extension: str) -> None:
    """Raise `CallInHandError` if a call rings at an extension, or is being talked there."""
    agent = state.agents.get(extension)
    if agent is not None and agent.leg is not None:
        raise CallInHandError(extension=extension)


def check_queue(state: State, name: str) -> None:
    """Raise `CallersWaitError` if somebody waits in a queue, on the line or to be called back.

    Those who talk to an agent already do not need the queue any more.
    """
    calls = (call for call in state.calls.values() if call.queue == name)
    if any(call.is_waiting or call.is_kept for call in calls):
        raise CallersWaitError(queue=name)
