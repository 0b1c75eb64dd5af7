-- A whole server for a lab: loopback, no encryption, no other servers, all state beside this file.

-- Asked for only if it is started by root; it then keeps root's rights, because the project may lie
-- where no other user can read.
run_as_root = true

data_path = "@RUN@/data"
log = { info = "@RUN@/prosody.log" }

interfaces = { "127.0.0.1" }
c2s_ports = { @C2S_PORT@ }
c2s_require_encryption = false
-- For clients that know no better way to log in; ejabberd lets them, too.
allow_unencrypted_plain_auth = true
-- There are none, but Prosody looks for them.
certificates = "@RUN@"

modules_enabled = {
	"carbons";
	"disco";
	"offline";
	"ping";
	"posix";
	"roster";
	"saslauth";
	"smacks";
}
modules_disabled = { "s2s", "tls" }

VirtualHost "example.com"
	authentication = "internal_plain"

Include "ivr-pubsub.cfg.lua"
