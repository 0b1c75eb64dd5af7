"""What the log says of an operation that was carried out."""

from component.operations.model import Answer, Operation

LOGGED = {
    "agent": "agent",
    "extension": "agent",
    "queue": "queue",
    "call": "call_id",
    "place": "place",
    "priority": "priority",
    "penalty": "penalty",
    "setting": "setting",
    "value": "value",
    "code": "code",
}
"""By which keys the log has what an operation was told, and nothing else of that. A customer's code
is personal, as the log knows by its key."""


def recorded(operation: Operation, answer: Answer, account: str) -> dict[str, str]:
    """Return what is to be logged; `account` is who asked."""
    told = {LOGGED[name]: value for name, value in answer.given.items() if name in LOGGED and value}
    return {"operation": operation.name, "account": account, **told}
