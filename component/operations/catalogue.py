"""All operations there are."""

from collections.abc import Mapping

from component.operations import agent, supervisor
from component.operations.model import Operation

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*agent.OPERATIONS, *supervisor.OPERATIONS)
}
"""By name, in the order in which people see them."""
