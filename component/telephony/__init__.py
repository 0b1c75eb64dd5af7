"""Asterisk: ARI in and out, FastAGI. The only place that knows their keys and codes."""
