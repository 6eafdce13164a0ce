/**
 * WebSocket close codes (PROTOCOL.md §7). The range is the rule: 40xx do not reconnect without changing something,
 * 41xx reconnect after back-off and resume, 42xx reconnect at once and resume. A Disconnect ends one socket.
 */

export const closeCodes = {
  'bad-frame': 4000,
  'token-invalid': 4001,
  'token-expired': 4002,
  forbidden: 4003,
  'connect-timeout': 4004,
  'connect-twice': 4005,
  version: 4006,
  replaced: 4008,
  'too-many-sessions': 4009,
  internal: 4100,
  'heartbeat-timeout': 4101,
  'slow-consumer': 4102,
  'rate-limited': 4103,
  shutdown: 4200,
  moved: 4201,
  resync: 4202,
  /** RFC 6455 §7.4.1 */
  normal: 1000,
  'unsupported-data': 1003,
  'too-big': 1009,
} as const;

export type CloseName = keyof typeof closeCodes;

/** Ends one socket with a close code; `message` becomes the close reason (at most 123 bytes are sent). */
export class Disconnect extends Error {
  override name = 'Disconnect';
  readonly reason: CloseName;

  constructor(reason: CloseName, message: string = reason) {
    super(message);
    this.reason = reason;
  }

  get code(): number {
    return closeCodes[this.reason];
  }
}

/** What a client does after a close: stop, come back after back-off, or come back at once. */
export function afterClose(code: number): 'stop' | 'backoff' | 'now' {
  if (code >= 4200 && code < 4300) return 'now';
  if (code >= 4100 && code < 4200) return 'backoff';
  if (code === 1001 || code === 1006 || (code >= 1011 && code <= 1013)) return 'backoff';
  return 'stop';
}
