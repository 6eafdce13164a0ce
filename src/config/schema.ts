/**
 * Every configuration key, once: its type, bounds, default and meaning, in the files of sections/. The loader, the
 * environment's names, docs/configuration.md and config.example.yaml are all made from this.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { list, optional } from './kinds.ts';
import { accounts, rooms, sessions, uploads } from './sections/accounts.ts';
import { guest, jwt, webhook } from './sections/auth.ts';
import { internalHttp, publicHttp } from './sections/http.ts';
import { drain, limits, log, logLevels, mode, perAccount, perAddress, readiness } from './sections/process.ts';
import { push } from './sections/push.ts';
import { retention, store } from './sections/store.ts';
import { webhooks } from './sections/webhooks.ts';
import { xmpp } from './sections/xmpp.ts';

export type { KeyNotes, Kind, Secret } from './kinds.ts';

const section = <P extends Record<string, TSchema>>(description: string, keys: P) => Type.Object(keys, { description });

export const ConfigSchema = Type.Object({
  mode,
  xmpp: section('The link to the XMPP server.', xmpp),
  http: section('The two ports. Only the public one is for clients.', {
    public: section('Where web clients connect.', publicHttp),
    internal: section('For probes, metrics and the API.', internalHttp),
  }),
  auth: section('Who may connect: at least one of `jwt`, `webhook` and `guest` ([how](authentication.md)).', {
    jwt: optional(section('Signed tokens. Exactly one of `secret`, `secretFile` and `jwksUrl` turns them on.', jwt)),
    webhook: section(
      'Your own backend says who a token belongs to. With `jwt` beside it, it is asked about tokens that are no JWT.',
      webhook,
    ),
    guest: section('Users without a token.', guest),
  }),
  store: section('What outlives the process.', {
    ...store,
    retention: optional(section('What of the archive is kept; the rest is removed a little at a time.', retention)),
  }),
  accounts: section('The accounts of the domain.', accounts),
  sessions: section('Web clients, connected or about to come back.', sessions),
  rooms: optional(section('Rooms (XEP-0045).', rooms)),
  uploads: section('Uploads (XEP-0363).', uploads),
  webhooks: section('Your own backend is told what happens ([how](webhooks.md)).', webhooks),
  push: section('Web Push: browsers are woken by a message while no session is open ([how](push.md)).', push),
  limits: section('What one client, and all of them, may use.', {
    ...limits,
    perAddress: section(
      'What one address may use: an IPv4 address, or a /64 of IPv6. Where `http.public.trustedProxies` is empty, private networks and loopback are not counted, for a peer in them is most likely a proxy with all users behind it.',
      perAddress,
    ),
    perAccount: section(
      'What one account may use, beside `sessions.perAccount`. There is no limit of failed logins for an account: with it, whoever knows a name could lock its user out.',
      perAccount,
    ),
  }),
  readiness: section('When `/readyz` says that the process may have traffic.', readiness),
  drain: section('The stop: on SIGTERM or SIGINT, or by `stanzawire drain` ([docs/drain.md](drain.md)).', drain),
  log: section('The log: JSON lines on standard output ([every event](logging.md)).', {
    ...log,
    levels: optional(section('Levels of single parts: the `part` of a line.', logLevels)),
  }),
  extensions: list({
    description:
      'Extensions of your own, or of others: files, from the working directory, and installed packages ([how to write one](extensions.md)). They run inside of the gateway, with all its rights.',
    default: [],
    write: 'a list of files and packages, like [./my-extension.js, some-package]',
  }),
});

/** Durations are milliseconds, sizes are bytes. */
export type Config = Static<typeof ConfigSchema>;
