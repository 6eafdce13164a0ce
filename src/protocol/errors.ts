/**
 * The one closed vocabulary of errors, on both sides of the gateway: the defined conditions of RFC 6120 §8.3.3 as
 * they are, and the gateway's own codes (PROTOCOL.md §7). A StanzaError ends one request or one stanza.
 */

/** RFC 6120 §8.3.3: condition → the error type it is sent with when nothing else is said. */
export const conditions = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} as const satisfies Record<string, ErrorType>;

/** The gateway's own codes → whether the client may try again without changing anything. */
export const gatewayCodes = {
  'unknown-type': false,
  'too-large': false,
  'not-connected': false,
  'token-invalid': false,
  'token-expired': false,
  'rate-limited': true,
  'link-down': true,
  unconfirmed: true,
  timeout: true,
} as const satisfies Record<string, boolean>;

export type ErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';
export type Condition = keyof typeof conditions;
export type GatewayCode = keyof typeof gatewayCodes;
export type ErrorCode = Condition | GatewayCode;

export const errorCodes: readonly ErrorCode[] = [
  ...(Object.keys(conditions) as Condition[]),
  ...(Object.keys(gatewayCodes) as GatewayCode[]),
];

/** An element as JSON (PROTOCOL.md §9); `attrs.xmlns` is inherited from the parent when absent. */
export interface ElementTree {
  name: string;
  attrs?: Record<string, string>;
  children?: (ElementTree | string)[];
}

/** What an error says beside its code and text; every field is optional and absent when it has nothing to say. */
export interface ErrorDetails {
  /** May the client try again unchanged? Derived from the code and `type` when absent. */
  retry?: boolean;
  /** Milliseconds after which a retry may succeed. */
  retryAfterMs?: number;
  /** The offending field, a dotted path inside of `data`. */
  field?: string;
  /** The JID of the entity that refused. */
  by?: string;
  /** The XMPP error type, when it came from (or goes to) XMPP. */
  type?: ErrorType;
  /** The address in `gone` and `redirect`. */
  uri?: string;
  /** The application-specific condition. */
  app?: ElementTree;
}

export interface ErrorObject extends ErrorDetails {
  code: ErrorCode;
  message: string;
  retry: boolean;
}

export function isCondition(name: string): name is Condition {
  return Object.hasOwn(conditions, name);
}

export class StanzaError extends Error {
  override name = 'StanzaError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  /** The XMPP error type this goes out with (RFC 6120 §8.3.2). */
  get type(): ErrorType {
    if (this.details.type) return this.details.type;
    if (isCondition(this.code)) return conditions[this.code];
    return this.retry ? 'wait' : 'cancel';
  }

  get retry(): boolean {
    const { retry, type } = this.details;
    if (retry !== undefined) return retry;
    if (isCondition(this.code)) return (type ?? conditions[this.code]) === 'wait';
    return type === 'wait' || gatewayCodes[this.code];
  }

  /** The `error` object of an `error` frame. */
  toObject(): ErrorObject {
    return { code: this.code, message: this.message, ...this.details, retry: this.retry };
  }
}

/** `bad-request` that names the field (a dotted path inside of `data`). */
export function badRequest(field: string, message: string): StanzaError {
  return new StanzaError('bad-request', message, { field });
}
