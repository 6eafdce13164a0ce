/** A throwaway Prosody (0.12 and 13) on loopback: clear text, PLAIN and SCRAM, rooms, uploads, components. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Installation } from '../../../scripts/servers.mjs';
import { RunningServer } from './running.ts';
import { componentDomain, host, password, type ServerOptions, type Setup, secret, type XmppServer } from './server.ts';
import { anyOf, setUp } from './setup.ts';

export async function startProsody(options: ServerOptions = {}, installation?: Installation): Promise<XmppServer> {
  const setup = await setUp(installation ?? anyOf('prosody'), options, false);
  writeFileSync(path.join(setup.dir, 'prosody.cfg.lua'), configuration(setup));
  mkdirSync(path.join(setup.dir, 'certs'));
  addAccounts(setup);
  const server = new RunningServer(setup, {
    command: ['prosody', '--config', `${setup.inside}/prosody.cfg.lua`, '-F', ...(isRoot() ? ['--root'] : [])],
    env: { PROSODY_CFGDIR: setup.inside, HOME: setup.inside },
    logFile: path.join(setup.dir, 'prosody.log'),
    // it goes on without a port that is taken
    verdict: (_printed, log) => /Failed to open server port.*/.exec(log)?.[0] ?? true,
  });
  return server.start();
}

/** Prosody's internal storage is one Lua file for each account. */
function addAccounts(setup: Setup): void {
  const folder = path.join(setup.dir, 'data', encodeURIComponent(host).replaceAll('.', '%2e'), 'accounts');
  mkdirSync(folder, { recursive: true });
  for (const account of setup.accounts) {
    writeFileSync(path.join(folder, `${account}.dat`), `return {\n\t["password"] = "${password}";\n};\n`);
  }
}

function configuration(setup: Setup): string {
  const { inside, options, c2sPort, httpPort, componentPorts } = setup;
  const domains = [...componentPorts.keys()];
  const [componentPort = 0] = componentPorts.values();
  return `
${isRoot() ? 'run_as_root = true' : ''}
pidfile = "${inside}/prosody.pid"
data_path = "${inside}/data"
certificates = "${inside}/certs"
log = { ${options.debug ? 'debug' : 'info'} = "${inside}/prosody.log" }
interfaces = { "127.0.0.1" }
use_ipv6 = false
c2s_ports = { ${c2sPort} }
c2s_direct_tls_ports = {}
s2s_ports = {}
s2s_direct_tls_ports = {}
http_ports = { ${httpPort} }
http_interfaces = { "127.0.0.1" }
https_ports = {}
component_ports = { ${componentPort} }
component_interfaces = { "127.0.0.1" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
-- beyond the limit, every append to an archive writes the whole file again
storage_archive_item_limit = 1000000
default_archive_policy = ${options.archive ?? false}
consider_websocket_secure = true
consider_bosh_secure = true
http_default_host = "${host}"
-- without "limits": nobody is throttled
modules_enabled = {
  "roster", "saslauth", "disco", "ping", "version", "time", "private", "pep", "vcard4", "vcard_legacy",
  "blocklist", "carbons", "mam", "smacks", "websocket", "bosh", "register", "adhoc", "admin_adhoc", "uptime",
}
modules_disabled = { "s2s", "tls" }
-- may run the server's commands and make nodes; nobody else is one, for administrators own every room
admins = { "operator@${componentDomain}" }

VirtualHost "${host}"

Component "conference.${host}" "muc"
  modules_enabled = { "muc_mam" }
  muc_log_by_default = true
  muc_room_default_persistent = false
  restrict_room_creation = false
  -- Prosody 13: what users of the other domains of this server may do
  server_user_role = "prosody:registered"

Component "pubsub.${host}" "pubsub"

Component "upload.${host}" "http_file_share"
  http_host = "127.0.0.1"
  http_external_url = "http://127.0.0.1:${httpPort}/"
  http_file_share_size_limit = 10 * 1024 * 1024
  http_file_share_access = { ${domains.map((domain) => `"${domain}"`).join(', ')} }
${domains.map((domain) => component(domain, options)).join('')}`;
}

function component(domain: string, { maxStanzaSize }: ServerOptions): string {
  return `
Component "${domain}"
  component_secret = "${secret}"
  -- the default refuses a new stream while the old one hangs
  component_conflict_resolve = "kick_old"
${maxStanzaSize ? `  component_stanza_size_limit = ${maxStanzaSize}\n` : ''}`;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
