"""`make bench-pubsub`: this service beside Prosody's and ejabberd's own mod_pubsub.

Everything runs on this machine, one after another, with the same clients: what counts are the
ratios of one run.
"""
