-- The XMPP server of the compose file: accounts of one domain, and the service as a component.

data_path = "/var/lib/prosody"
log = { info = "*console" }
pidfile = "/run/prosody/prosody.pid"

interfaces = { "@XMPP_ADDRESS@" }
c2s_ports = { @C2S_PORT@ }
c2s_require_encryption = true
authentication = "internal_hashed"
ssl = { certificate = "/var/lib/prosody/tls.crt", key = "/var/lib/prosody/tls.key" }

modules_enabled = {
	"carbons";
	"disco";
	"offline";
	"ping";
	"roster";
	"saslauth";
	"smacks";
	"tls";
}
-- Other servers have no part in it.
modules_disabled = { "s2s" }

VirtualHost "example.com"

Include "ivr-pubsub.cfg.lua"
Include "site/*.cfg.lua"
