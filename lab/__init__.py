"""Real servers, run on this machine for tests, demonstrations and measurements."""
