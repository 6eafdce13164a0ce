/** Configuration keys: the process: its limits, its end, its log. */
import { choice, duration, flag, integer, optional, size, text } from '../kinds.ts';
import { hour, KiB, MiB, second } from '../units.ts';

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export const limits = {
  frame: size(KiB, 16 * MiB, { reload: true, description: 'The largest frame from a client.', default: '64KiB' }),
  // RFC 6120 §13.12: a limit below 10000 bytes would refuse what every server must carry.
  stanza: size(10_000, 16 * MiB, {
    reload: true,
    description: "The largest stanza, either way. Not more than the XMPP server's own limit.",
    default: '256KiB',
  }),
  batch: integer(1, 10_000, { reload: true, description: 'Frames in one batch.', default: 50 }),
  inFlight: integer(1, 100_000, { reload: true, description: 'Unanswered requests a session may have.', default: 64 }),
  rate: integer(1, 1_000_000, {
    reload: true,
    description: 'Requests a second a session may send, lastingly.',
    default: 20,
  }),
  burst: integer(1, 1_000_000, { reload: true, description: 'Requests a session may send at once.', default: 100 }),
  historyMax: integer(1, 10_000, { reload: true, description: 'Messages in one page of history.', default: 100 }),
  outbound: size(64 * KiB, 256 * MiB, {
    reload: true,
    description: 'What may wait to be written to one socket; a client slower than that is closed.',
    default: '1MiB',
  }),
  outboundTotal: size(MiB, 64 * 1024 * MiB, {
    reload: true,
    description:
      'What may wait to be written to all sockets together; beyond it the slowest clients are cut off (4102). A quarter of the memory that the process has.',
    default: '256MiB',
  }),
  resumeTotal: size(MiB, 64 * 1024 * MiB, {
    reload: true,
    description:
      'What the events may take that are kept for resumes, all sessions together; beyond it the sessions that have most forget their oldest, and a client that needs those loads its history instead (`gap`).',
    default: '256MiB',
  }),
  sendTimeout: duration(second, hour, {
    reload: true,
    description: 'How long a request waits for the XMPP server before it fails.',
    default: '30s',
  }),
  sockets: integer(1, 1_000_000, { reload: true, description: 'Sockets at once.', default: 20_000 }),
};

export const perAddress = {
  sockets: integer(1, 1_000_000, {
    reload: true,
    description: 'Sockets of one address at once. 1,000 are an office of 500 behind one address with two tabs each.',
    default: 1000,
  }),
  handshakes: integer(1, 1_000_000, {
    reload: true,
    description:
      'WebSocket handshakes of one address a minute; beyond it HTTP 429. Twice the sockets: when the gateway is restarted, an office comes back at once.',
    default: 2000,
  }),
  failedLogins: integer(1, 1_000_000, {
    reload: true,
    description:
      'Refused tokens of one address a minute; then its handshakes are refused until the minute is over. Tokens that have expired do not count. A client whose token is refused does not try again, so an office stays below it even after its keys were changed.',
    default: 300,
  }),
};

export const perAccount = {
  handshakes: integer(1, 100_000, {
    reload: true,
    description:
      'How often the clients of one account may connect in a minute; beyond it `rate-limited` and close 4103. It is above what all sessions of an account need on a bad network.',
    default: 120,
  }),
};

export const mode = choice(['standalone', 'sidecar'], {
  description:
    "How it runs: `sidecar` in one Kubernetes pod with the XMPP server, which decides about `readiness.requireLink`, and lets the server's own shutdown begin the drain. `standalone` is everything else, also a process beside the server on one machine.",
  default: 'standalone',
});

export const readiness = {
  requireLink: optional(
    flag({
      description:
        "Is `/readyz` 200 only while the link to the XMPP server is up? A sidecar's readiness is the whole pod's: the server must not be cut off from its users because the gateway has no link to it.",
      otherwise: '`true` in the mode `standalone`, `false` in the mode `sidecar`',
      example: 'true',
    }),
  ),
};

export const drain = {
  time: duration(0, hour, {
    reload: true,
    description: 'How long a stop takes to close its sockets, spread over it.',
    default: '10s',
  }),
  presence: choice(['keep', 'unavailable'], {
    reload: true,
    description:
      'What contacts and rooms see of a stop: with `keep` nothing, for the next process takes over; with `unavailable`, for a stop that is meant to last, all users go offline and leave their rooms.',
    default: 'keep',
  }),
  url: optional(
    text({
      reload: true,
      description:
        'Where clients are sent when a stop begins (`reconnect`), while this process still serves them: the WebSocket of another gateway that takes their tokens.',
      otherwise: 'they are closed with 4200 and come back by themselves',
      pattern: '^wss?://[^\\s/?#@]+(?:/[^\\s#]*)?$',
      example: 'wss://other.example.com/ws',
      write: 'the URL of a WebSocket, like wss://other.example.com/ws',
    }),
  ),
};

const partLevel = (what: string) =>
  optional(choice(levels, { reload: true, description: `${what}.`, otherwise: '`log.level`' }));

/** The parts that have a level of their own (log.ts). */
export const logLevels = {
  xmpp: partLevel('The link to the XMPP server'),
  websocket: partLevel('Sockets: opened, closed, handshakes refused'),
  auth: partLevel('Tokens and key sets'),
  core: partLevel('Who connects, requests, stanzas, extensions'),
  store: partLevel('What is removed from the archive'),
  http: partLevel('The two ports'),
  outbound: partLevel('What goes to push services and webhooks'),
};

export const log = {
  level: choice(levels, { reload: true, description: 'The least severe level that is logged.', default: 'info' }),
};
