"""All operations there are."""

from collections.abc import Mapping

from component.operations import administrator, agent, changing, maintenance, supervisor
from component.operations.model import Operation

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for part in (agent, supervisor, administrator, changing, maintenance)
    for operation in part.OPERATIONS
}
"""By name, in the order in which people see them."""
