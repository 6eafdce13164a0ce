/** Configuration keys: the process: its limits, its end, its log. */
import { choice, duration, integer, size } from '../kinds.ts';
import { hour, KiB, MiB, second } from '../units.ts';

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

export const limits = {
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

export const drain = {
  time: duration(0, hour, {
    description: 'How long a stop takes to close its sockets, spread over it.',
    default: '10s',
  }),
};

export const log = {
  level: choice(levels, { description: 'The least severe level that is logged.', default: 'info' }),
};
