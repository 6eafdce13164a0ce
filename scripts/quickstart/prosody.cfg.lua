-- The quickstart's throwaway Prosody; @…@ is filled in by prosody.mjs. Not a template for production: passwords
-- cross loopback without TLS.
run_as_root = @RUN_AS_ROOT@
pidfile = "@FOLDER@/prosody.pid"
data_path = "@FOLDER@/data"
certificates = "@FOLDER@/certs"
log = { info = "*console" }

interfaces = { "127.0.0.1" }
use_ipv6 = false
c2s_ports = { @C2S_PORT@ }
c2s_direct_tls_ports = {}
s2s_ports = {}
s2s_direct_tls_ports = {}
http_interfaces = { "127.0.0.1" }
http_ports = { @HTTP_PORT@ }
https_ports = {}
component_interfaces = { "127.0.0.1" }
component_ports = { @COMPONENT_PORT@ }
network_settings = { nagle = false }

authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
consider_websocket_secure = true
http_default_host = "@SERVER@"

modules_enabled = {
  "roster", "saslauth", "disco", "ping", "private", "pep", "vcard4", "vcard_legacy",
  "blocklist", "carbons", "mam", "smacks", "websocket", "posix",
}
modules_disabled = { "s2s", "tls" }

VirtualHost "@SERVER@"

Component "rooms.@SERVER@" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_room_default_public = true
  -- Prosody 13: the gateway's users are guests here, who may make no lasting or public room.
  server_user_role = "prosody:registered"

Component "upload.@SERVER@" "http_file_share"
  http_host = "127.0.0.1"
  http_external_url = "http://127.0.0.1:@HTTP_PORT@/"
  http_file_share_access = { "@DOMAIN@" }

Component "@DOMAIN@"
  component_secret = "@COMPONENT_SECRET@"
  -- A gateway that was restarted takes over at once, instead of waiting for its old connection's end.
  component_conflict_resolve = "kick_old"
