"""All operations there are."""

from collections.abc import Mapping

from component.operations import administrator, agent, supervisor
from component.operations.model import Operation

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for role in (agent, supervisor, administrator)
    for operation in role.OPERATIONS
}
"""By name, in the order in which people see them."""
