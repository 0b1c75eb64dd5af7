"""ivr-pubsub: an Asterisk call queue that shows each call over XMPP publish-subscribe."""
