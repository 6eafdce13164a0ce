/** Configuration keys: what the operator's backend is told. */
import { choices, duration, flag, integer, optional, secret, text } from '../kinds.ts';
import { day, minute, second } from '../units.ts';

export const signedUrl = {
  pattern: '^https?://[^\\s/@]+(?:/[^\\s@]*)?$',
  write: 'an https:// URL without a password in it',
};
export const signingKey =
  'The key that signs requests (Standard Webhooks): `whsec_` and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` gives. Two keys with a space between sign with both, while one takes the place of the other.';

export const webhookEvents = ['session.opened', 'session.closed', 'message.offline'];

export const webhooks = {
  url: optional(
    text({
      ...signedUrl,
      description: 'Where events are posted to. It turns webhooks on.',
      otherwise: 'off',
      example: 'https://app.example.com/hooks/stanzawire',
    }),
  ),
  secret: optional(secret({ reload: true, description: `${signingKey} Required with \`url\`, here or in a file.` })),
  events: choices(webhookEvents, { description: 'What is told.', default: webhookEvents }),
  bodies: flag({ reload: true, description: 'Does `message.offline` have the text of the message?', default: false }),
  timeout: duration(100, minute, { reload: true, description: 'How long an answer may take.', default: '10s' }),
  retry: duration(second, 30 * day, {
    description: 'How long an event is tried again before it is given up.',
    default: '12h',
  }),
  attempts: integer(1, 10_000, { description: 'How often it is tried at the most.', default: 80 }),
  backoff: duration(10, minute, {
    description: 'The pause after the first failure. It doubles up to 10 minutes, and is random within its upper half.',
    default: '1s',
  }),
  concurrency: integer(1, 1000, { description: 'Requests at once.', default: 8 }),
  queue: integer(1, 1_000_000, {
    description: 'Events that may wait. What comes while it is full is dropped, and counted.',
    default: 10_000,
  }),
};
