/**
 * Every configuration key, once: its type, bounds, default and meaning. The loader, the environment's names,
 * docs/configuration.md and config.example.yaml are all made from this.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { choice, choices, duration, flag, integer, list, optional, port, secret, size, text } from './kinds.ts';

export type { KeyNotes, Kind, Secret } from './kinds.ts';

/** The signatures a token may carry, by what verifies them: mixing the two would let a public key sign. */
export const sharedKeyAlgorithms = ['HS256', 'HS384', 'HS512'];
// biome-ignore format: families in rows
export const publicKeyAlgorithms = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
];
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const KiB = 1024;
const MiB = 1024 * KiB;

const xmpp = {
  service: text({
    description:
      "The XMPP server's component port. `xmpp://` is clear text (XEP-0114), for loopback and private networks; `xmpps://` is TLS from the first byte (ejabberd's `tls: true`, Prosody's net_multiplex).",
    default: 'xmpp://127.0.0.1:5347',
    pattern: '^xmpps?://(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s/:@?#\\[\\]]+):[0-9]{1,5}$',
    write: 'xmpp://HOST:PORT or xmpps://HOST:PORT, like xmpp://127.0.0.1:5347',
  }),
  domain: text({
    description: "The gateway's own domain, as the XMPP server's configuration names the component.",
    example: 'web.example.com',
    write: 'a domain name, like web.example.com',
  }),
  secret: secret({
    description: "The component's secret, as the XMPP server's configuration has it. Required, here or in a file.",
  }),
  server: text({
    description: "The XMPP server's own domain: it is pinged to learn what the server has taken.",
    otherwise: 'the parent of `xmpp.domain`; required when the domain has two labels or fewer',
    example: 'example.com',
    write: 'a domain name, like example.com',
  }),
  pace: integer(1, 1_000_000, {
    description:
      'Presence, probes and joins of rooms a second, at most, when many accounts come online at once: after a start, or when the link is back. What one user changes does not wait behind them.',
    default: 500,
  }),
};

const publicHttp = {
  host: text({ description: 'The address the public port listens on.', default: '0.0.0.0' }),
  port: port({
    description: 'The public port: the WebSocket, and avatars below `/avatars/`. 0 takes a free one.',
    default: 8080,
  }),
  path: text({
    description: 'The path of the WebSocket.',
    default: '/ws',
    pattern: '^/[^\\s?#]*$',
    write: 'a path that starts with a slash, like /ws',
  }),
  origins: list({
    description:
      'The web pages that may connect, each as a browser sends it in `Origin`: scheme, host, and port unless it is the usual one. No page may until it is listed; `*` lets every page in and is warned about.',
    default: [],
    example: ['https://chat.example.com'],
    write: 'a list of origins, like [https://chat.example.com]',
  }),
};

const internalHttp = {
  host: text({ description: 'The address the internal port listens on.', default: '127.0.0.1' }),
  port: port({
    description: 'The internal port: `/livez`, `/readyz`, `/metrics`. Never publish it. 0 takes a free one.',
    default: 9090,
  }),
};

const jwt = {
  secret: optional(secret({ description: 'The shared key that signs tokens (HS256), at least 32 bytes.' })),
  jwksUrl: optional(
    text({
      description: "The identity provider's key set. Keys are fetched, cached and rotated.",
      pattern: '^https?://[^\\s/@]+(?:/[^\\s@]*)?$',
      example: 'https://id.example.com/.well-known/jwks.json',
      write: 'an https:// URL without a password in it',
    }),
  ),
  issuer: optional(
    text({ description: 'The `iss` a token must have.', otherwise: 'not checked', example: 'https://id.example.com' }),
  ),
  audience: optional(
    text({ description: 'The `aud` a token must have.', otherwise: 'not checked', example: 'stanzawire' }),
  ),
  algorithms: choices([...sharedKeyAlgorithms, ...publicKeyAlgorithms], {
    description: 'The signature algorithms that are accepted.',
    otherwise: 'HS256 with `secret`; RS256, ES256, EdDSA with `jwksUrl`',
    example: ['HS256'],
  }),
  userClaim: text({ description: "The claim that names the user; it becomes the JID's localpart.", default: 'sub' }),
  scopeClaim: text({ description: 'The claim that lists scopes, such as `raw`.', default: 'scope' }),
};

const guest = {
  enabled: flag({ description: 'Lets clients in without a token, as a new user of their own.', default: false }),
  prefix: text({ description: "What guests' user names start with.", default: 'guest-' }),
  ttl: duration(second, 3650 * day, { description: "How long a guest's token lasts.", default: '7d' }),
};

const store = {
  url: text({
    description: 'Where accounts are kept: `sqlite:PATH` (from the working directory), or `memory:` to forget at exit.',
    default: 'sqlite:data/stanzawire.db',
    pattern: '^(?:sqlite:.+|memory:)$',
    write: 'sqlite:PATH or memory:',
  }),
  sync: choice(['normal', 'full'], {
    description:
      'What an acknowledged message survives: with `normal` a killed process, with `full` also a power loss, at the price of a disk write per commit.',
    default: 'normal',
  }),
};

const retention = {
  age: optional(
    duration(60 * second, 36_500 * day, {
      description: 'How long messages are kept.',
      otherwise: 'for ever',
      example: '365d',
    }),
  ),
  perChat: optional(
    integer(1, 1_000_000_000, {
      description: 'How many of the newest items of each chat are kept.',
      otherwise: 'all',
      example: '100000',
    }),
  ),
};

const accounts = {
  unknown: choice(['bounce', 'store'], {
    description:
      'A message to an account that never connected: `bounce` answers that there is no such account, `store` makes it and keeps the message. `store` suits where every name is a user; it lets strangers fill the store.',
    default: 'bounce',
  }),
  reportsTo: optional(
    text({
      description:
        'Where reports of spam and abuse that users make when they block someone go (XEP-0377): a JID that your moderators read, or a bot.',
      otherwise: 'reports are refused',
      example: 'abuse@example.com',
      pattern: '^(?:[^\\s"&\'/:<>@]+@)?[^\\s"&\'/:<>@]+(?:/[^\\s]+)?$',
      write: 'a JID, like abuse@example.com',
    }),
  ),
  answers: choices(
    ['lastActivity', 'time', 'version', 'ping'],
    {
      description:
        'What those who may learn of an account are told when they ask: how long it has been idle or away (XEP-0012), the time (XEP-0202), name and version of the gateway (XEP-0092), and that it is there (XEP-0199). What is not listed is not announced and not answered.',
      default: ['lastActivity', 'time', 'version', 'ping'],
    },
    0,
  ),
  routeLocally: flag({
    description:
      'Messages between two web users stay in the gateway. `false` sends them through the XMPP server, for one that filters or logs.',
    default: true,
  }),
};

const sessions = {
  resumeWindow: duration(0, day, {
    description: 'How long a session waits for its client to come back.',
    default: '60s',
  }),
  maxEvents: integer(0, 1_000_000, {
    description: 'Events a session keeps for a resume.',
    default: 2000,
  }),
  perAccount: integer(1, 10_000, { description: 'Sessions an account may have at once.', default: 16 }),
  heartbeat: duration(100, hour, {
    description: 'The longest silence on a socket before a ping; twice that closes it.',
    default: '25s',
  }),
};

const limits = {
  frame: size(KiB, 16 * MiB, { description: 'The largest frame from a client.', default: '64KiB' }),
  // RFC 6120 §13.12: a limit below 10000 bytes would refuse what every server must carry.
  stanza: size(10_000, 16 * MiB, {
    description: "The largest stanza, either way. Not more than the XMPP server's own limit.",
    default: '256KiB',
  }),
  batch: integer(1, 10_000, { description: 'Frames in one batch.', default: 50 }),
  inFlight: integer(1, 100_000, { description: 'Unanswered requests a session may have.', default: 64 }),
  rate: integer(1, 1_000_000, { description: 'Requests a second a session may send, lastingly.', default: 20 }),
  burst: integer(1, 1_000_000, { description: 'Requests a session may send at once.', default: 100 }),
  historyMax: integer(1, 10_000, {
    description: 'Messages in one page of history.',
    default: 100,
  }),
  outbound: size(64 * KiB, 256 * MiB, {
    description: 'What may wait to be written to one socket; a client slower than that is closed.',
    default: '1MiB',
  }),
  sendTimeout: duration(second, hour, {
    description: 'How long a request waits for the XMPP server before it fails.',
    default: '30s',
  }),
  sockets: integer(1, 1_000_000, { description: 'Sockets at once.', default: 20_000 }),
};

const drain = {
  time: duration(0, hour, {
    description: 'How long a stop takes to close its sockets, spread over it.',
    default: '10s',
  }),
};

const log = { level: choice(levels, { description: 'The least severe level that is logged.', default: 'info' }) };

const rooms = {
  service: optional(
    text({
      description: 'The room service that clients are told of in `ready`.',
      otherwise: "the first that the XMPP server's list of items has (XEP-0030)",
      example: 'rooms.example.com',
      write: 'a domain name, like rooms.example.com',
    }),
  ),
};

const uploads = {
  service: optional(
    text({
      description: 'The upload service (XEP-0363).',
      otherwise: "the first that the XMPP server's list of items has",
      example: 'upload.example.com',
      write: 'a domain name, like upload.example.com',
    }),
  ),
  hosts: list({
    description:
      "Hosts that the gateway may put files to for its clients, beside the upload service's domain and `xmpp.server`: those in the addresses that the service gives out. A host on loopback is spoken to without TLS.",
    default: [],
    example: ['files.example.com'],
    write: 'a list of host names, like [files.example.com]',
  }),
  size: size(KiB, 4096 * MiB, { description: 'The largest file through a socket.', default: '100MiB' }),
  streams: integer(1, 10_000, { description: 'Uploads through sockets at once, all clients together.', default: 100 }),
};

const section = <P extends Record<string, TSchema>>(description: string, keys: P) => Type.Object(keys, { description });

export const ConfigSchema = Type.Object({
  xmpp: section('The link to the XMPP server.', xmpp),
  http: section('The two ports. Only the public one is for clients.', {
    public: section('Where web clients connect.', publicHttp),
    internal: section('For probes and metrics.', internalHttp),
  }),
  auth: section('Who may connect: at least one of `jwt` and `guest`.', {
    jwt: optional(section('Signed tokens. Exactly one of `secret`, `secretFile` and `jwksUrl` turns them on.', jwt)),
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
  limits: section('What one client, and all of them, may use.', limits),
  drain: section('The stop, on SIGTERM or SIGINT.', drain),
  log: section('The log: JSON lines on standard output.', log),
  extensions: list({
    description:
      'Extensions of your own, or of others: files, from the working directory, and installed packages ([how to write one](extensions.md)). They run inside of the gateway, with all its rights.',
    default: [],
    write: 'a list of files and packages, like [./my-extension.js, some-package]',
  }),
});

/** Durations are milliseconds, sizes are bytes. */
export type Config = Static<typeof ConfigSchema>;
