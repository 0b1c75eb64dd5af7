"""A bug, or what the database rejects, costs the one fact that meets it."""
