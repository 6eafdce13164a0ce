/** A throwaway ejabberd (23.01 and 24.12) on loopback, run by erl itself: no epmd, no node name, any user. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Installation } from '../../../scripts/servers.mjs';
import { RunningServer } from './running.ts';
import { componentDomain, host, password, type ServerOptions, type Setup, secret, type XmppServer } from './server.ts';
import { anyOf, setUp } from './setup.ts';

export async function startEjabberd(options: ServerOptions = {}, installation?: Installation): Promise<XmppServer> {
  const setup = await setUp(installation ?? anyOf('ejabberd'), options, true);
  const { dir, inside } = setup;
  for (const folder of ['spool', 'upload', 'logs']) mkdirSync(path.join(dir, folder));
  writeFileSync(path.join(dir, 'ejabberd.yml'), configuration(setup));
  writeFileSync(path.join(dir, 'accounts'), setup.accounts.map((account) => `<<"${account}">>.\n`).join(''));
  writeFileSync(path.join(dir, 'inetrc'), '{lookup,["file","native"]}. {host,{127,0,0,1},["localhost"]}.\n');
  const server = new RunningServer(setup, {
    command: ['erl', '+K', 'true', '+P', '250000', ...arguments_(inside)],
    env: {
      EJABBERD_CONFIG_PATH: `${inside}/ejabberd.yml`,
      EJABBERD_LOG_PATH: `${inside}/logs/ejabberd.log`,
      ERL_LIBS: libraries(setup.installation),
      ERL_INETRC: `${inside}/inetrc`,
      ERL_CRASH_DUMP_BYTES: '0',
      HOME: inside,
    },
    logFile: path.join(dir, 'logs', 'ejabberd.log'),
    verdict: (printed, log) => /Failed to open socket.*/.exec(log)?.[0] ?? printed.includes('READY'),
  });
  return server.start();
}

function arguments_(inside: string): string[] {
  const register = `ejabberd_auth:try_register(User, <<"${host}">>, <<"${password}">>)`;
  const ready = `{ok, Users} = file:consult("${inside}/accounts"), [${register} || User <- Users], io:format("READY~n").`;
  // the application must be up (its modules register at its end) before it is asked
  const whenUp = `{ok, _} = application:ensure_all_started(ejabberd), ${ready}`;
  const mnesia = ['-mnesia', 'dir', `"${inside}/spool"`];
  return [...mnesia, '-ejabberd', 'log_rotate_count', '0', '-noinput', '-s', 'ejabberd', '-eval', whenUp];
}

/** Debian has its Erlang packages beside each other in /usr/lib/<architecture>. */
function libraries({ root }: Installation): string {
  const found = readdirSync(path.join(root, 'usr/lib')).filter((entry) => entry.endsWith('-linux-gnu'));
  return found.map((entry) => `/usr/lib/${entry}`).join(':');
}

function configuration(setup: Setup): string {
  const { inside, options, c2sPort, httpPort, componentPorts } = setup;
  const http = '{ /ws: ejabberd_http_ws, /bosh: mod_bosh, /upload: mod_http_upload, /api: mod_http_api }';
  const upload = `http://127.0.0.1:${httpPort}/upload`;
  return `
loglevel: ${options.debug ? 'debug' : 'info'}
log_rotate_count: 0
hosts: [${host}]
fqdn: ${host}
certfiles: []
acme: { auto: false }
language: en
auth_method: internal
auth_password_format: plain
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
default_db: mnesia
s2s_access: none
listen:
  - { port: ${c2sPort}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, shaper: none, access: all, starttls: false }
  - { port: ${httpPort}, ip: "127.0.0.1", module: ejabberd_http, tls: false, request_handlers: ${http} }
${Array.from(componentPorts, (entry) => componentListener(...entry, options)).join('')}
acl:
  operator: { user: operator@${componentDomain} }
acl:
  local: { user_regexp: "" }
  webgw: { server: [${[...componentPorts.keys()].join(', ')}] }
access_rules:
  everyone: { allow: all }
  upload_ok: [{ allow: local }, { allow: webgw }]
  configure: { allow: operator }
api_permissions:
  everything: { who: all, what: "*" }
modules:
  mod_adhoc: { report_commands_node: true }
  mod_admin_extra: {}
  mod_blocking: {}
  mod_bosh: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_configure: {}
  mod_disco: {}
  mod_http_api: {}
  mod_http_upload: { host: upload.${host}, put_url: "${upload}", get_url: "${upload}", docroot: "${inside}/upload", access: upload_ok, max_size: 10485760 }
  mod_last: {}
  mod_mam: { default: ${options.archive ? 'always' : 'never'}, db_type: mnesia }
  mod_muc:
    host: conference.${host}
    access: all
    access_create: everyone
    access_mam: all
    # its defaults are 200 occupants of a room and 100 rooms of a user
    max_users: 10000
    max_user_conferences: 10000
    default_room_options: { mam: true, persistent: false, max_users: 10000, allow_subscription: true }
  mod_muc_admin: {}
  ${setup.installation.name === 'ejabberd-23.01' ? '' : 'mod_muc_occupantid: {}'}
  mod_offline: { access_max_user_messages: unlimited_offline }
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_pubsub: { plugins: [flat, pep] }
  mod_roster: {}
  mod_stream_mgmt: {}
  mod_time: {}
  mod_vcard: {}
  mod_version: {}
shaper: {}
shaper_rules:
  unlimited_offline: { infinity: all }
`;
}

/** `global_routes: false`: an authenticated component gets the traffic of its own listener's domains only. */
function componentListener(domain: string, port: number, { maxStanzaSize }: ServerOptions): string {
  const size = maxStanzaSize ?? 'infinity';
  const hosts = `{ ${domain}: { password: ${secret} } }`;
  return `  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_service, access: all, global_routes: false, max_stanza_size: ${size}, hosts: ${hosts} }\n`;
}
