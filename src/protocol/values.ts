/** The plain values of the wire as schemas: addresses, ids, times. What objects are made of. */
import Type from 'typebox';

/** A JID as text; the longest is 3071 bytes (RFC 7622 §3.1). Its parts are checked by xmpp/jid. */
export const Jid = Type.String({ minLength: 1, maxLength: 3071, description: 'A JID' });
/** Of `data` of every request (PROTOCOL.md §2): parse.ts takes it out before the request's own schema is asked. */
export const Traceparent = Type.String({
  description: 'A trace context (W3C Trace Context §3.2); ignored if not valid',
});
/** A message id, ours or a peer's. */
export const MessageId = Type.String({ minLength: 1, maxLength: 1024, description: 'A message id' });
export const Time = Type.String({ description: 'RFC 3339, UTC, milliseconds' });
export const Lang = Type.String({
  maxLength: 35,
  pattern: '^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$',
  description: 'A language tag (BCP 47)',
});
