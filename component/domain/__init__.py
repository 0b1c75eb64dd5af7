"""The call centre as pure functions: calls, agents, queues, strategies, `step`."""
