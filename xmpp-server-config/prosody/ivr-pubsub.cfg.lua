-- What Prosody needs to know about this service. For an existing server: copy this file to
-- /etc/prosody/conf.d/, put your names and a secret of your own into it, restart Prosody.

-- Where the service connects to (XEP-0114, without encryption: loopback only).
component_interfaces = { "127.0.0.1" }
component_ports = { @COMPONENT_PORT@ }

-- The service sends at most 500 KB in a stanza; larger ones would end the connection. A tag that is
-- long itself is put off until there is as much again, and counts twice then.
component_stanza_size_limit = 1024 * 1024

-- An answer that follows notifications waits 40 ms for the client's acknowledgement otherwise.
network_settings = { nagle = false }

Component "ivr.example.com"
	component_secret = "@COMPONENT_SECRET@"
	-- After a network failure the service may be back before the server has noticed that it was gone.
	component_conflict_resolve = "kick_old"
