-- Prosody of compose.yaml. Not a template for production: passwords cross the local network without TLS.
data_path = "/var/lib/prosody"
pidfile = "/tmp/prosody.pid"
log = { info = "*console" }

interfaces = { "*" }
-- Only the containers of this compose file reach the component port: it is not published.
component_interfaces = { "*" }
component_ports = { 5347 }
c2s_direct_tls_ports = {}
s2s_ports = {}
s2s_direct_tls_ports = {}
http_interfaces = { "*" }
http_ports = { 5280 }
https_ports = {}
network_settings = { nagle = false }

authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
consider_websocket_secure = true
http_default_host = "localhost"

modules_enabled = {
  "roster", "saslauth", "disco", "ping", "private", "pep", "vcard4", "vcard_legacy",
  "blocklist", "carbons", "mam", "smacks", "websocket", "posix",
}
modules_disabled = { "s2s", "tls" }

VirtualHost "localhost"

Component "rooms.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_room_default_public = true
  -- Prosody 13: the gateway's users are guests here, who may make no lasting or public room.
  server_user_role = "prosody:registered"

Component "web.localhost"
  component_secret = ENV_COMPONENT_SECRET
  -- A gateway that was restarted takes over at once, instead of waiting for its old connection's end.
  component_conflict_resolve = "kick_old"
