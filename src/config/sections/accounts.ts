/** Configuration keys: accounts, their sessions, and the services they use. */
import { choice, choices, duration, flag, integer, list, optional, size, text } from '../kinds.ts';
import { day, hour, KiB, MiB } from '../units.ts';

export const accounts = {
  unknown: choice(['bounce', 'store'], {
    reload: true,
    description:
      'A message to an account that never connected: `bounce` answers that there is no such account, `store` makes it and keeps the message. `store` suits where every name is a user; it lets strangers fill the store.',
    default: 'bounce',
  }),
  reportsTo: optional(
    text({
      reload: true,
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
    reload: true,
    description:
      'Messages between two web users stay in the gateway. `false` sends them through the XMPP server, for one that filters or logs.',
    default: true,
  }),
};

export const sessions = {
  resumeWindow: duration(0, day, {
    reload: true,
    description: 'How long a session waits for its client to come back.',
    default: '60s',
  }),
  maxEvents: integer(0, 1_000_000, {
    reload: true,
    description: 'Events a session keeps for a resume.',
    default: 2000,
  }),
  perAccount: integer(1, 10_000, { reload: true, description: 'Sessions an account may have at once.', default: 16 }),
  heartbeat: duration(100, hour, {
    reload: true,
    description: 'The longest silence on a socket before a ping; twice that closes it.',
    default: '25s',
  }),
};

export const rooms = {
  service: optional(
    text({
      description: 'The room service that clients are told of in `ready`.',
      otherwise: "the first that the XMPP server's list of items has (XEP-0030)",
      example: 'rooms.example.com',
      write: 'a domain name, like rooms.example.com',
    }),
  ),
};

export const uploads = {
  service: optional(
    text({
      description: 'The upload service (XEP-0363).',
      otherwise: "the first that the XMPP server's list of items has",
      example: 'upload.example.com',
      write: 'a domain name, like upload.example.com',
    }),
  ),
  hosts: list({
    reload: true,
    description:
      "Hosts that the gateway may put files to for its clients, beside the upload service's domain and `xmpp.server`: those in the addresses that the service gives out. A host on loopback is spoken to without TLS.",
    default: [],
    example: ['files.example.com'],
    write: 'a list of host names, like [files.example.com]',
  }),
  size: size(KiB, 4096 * MiB, { reload: true, description: 'The largest file through a socket.', default: '100MiB' }),
  streams: integer(1, 10_000, {
    reload: true,
    description: 'Uploads through sockets at once, all clients together.',
    default: 100,
  }),
};
