/** Configuration keys: Web Push. */
import { duration, flag, list, optional, secret, text } from '../kinds.ts';
import { day, minute, second } from '../units.ts';

export const push = {
  contact: optional(
    text({
      description: 'Whom push services write to if something goes wrong (RFC 8292). It turns Web Push on.',
      otherwise: 'off',
      example: 'mailto:ops@example.com',
      pattern: '^(?:mailto:[^\\s@]+@[^\\s@]+|https://[^\\s/@]+\\S*)$',
      write: 'an address, like mailto:ops@example.com, or an https:// URL',
    }),
  ),
  privateKey: optional(
    secret({
      description:
        'The VAPID private key, in base64url, as `npx web-push generate-vapid-keys` gives it. Without it the gateway makes one and keeps it in the store. With another key browsers have to subscribe anew.',
    }),
  ),
  previews: flag({
    reload: true,
    description: 'Does a notification show the beginning of the message?',
    default: true,
  }),
  ttl: duration(0, 28 * day, {
    reload: true,
    description: 'How long a push service keeps what it cannot deliver, because the browser does not run.',
    default: '1d',
  }),
  retry: duration(second, 7 * day, {
    description: 'How long a notification is tried again while its push service does not take it.',
    default: '1h',
  }),
  backoff: duration(10, minute, {
    description: 'The pause after the first failure. It doubles up to 10 minutes, and is random within its upper half.',
    default: '2s',
  }),
  services: list({
    description:
      'The hosts of push services, `*.` for all below; a listed one may be on a private network and at any port. Empty: every public address at port 443, whatever the browser says.',
    default: [],
    example: ['fcm.googleapis.com', '*.push.services.mozilla.com', '*.push.apple.com', '*.notify.windows.com'],
    write: 'a list of host names, like [fcm.googleapis.com]',
  }),
};
