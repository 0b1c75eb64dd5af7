"""What people can ask of the running service, whichever way they ask: one description for all."""
