"""`make bench-calls`: this service beside app_queue, on one Asterisk, with the same telephones."""
