/** Configuration keys: who may connect. */
import { choices, duration, flag, integer, optional, secret, text } from '../kinds.ts';
import { day, hour, second } from '../units.ts';
import { signedUrl, signingKey } from './webhooks.ts';

/** The signatures a token may carry, by what verifies them: mixing the two would let a public key sign. */
export const sharedKeyAlgorithms = ['HS256', 'HS384', 'HS512'];

// biome-ignore format: families in rows
export const publicKeyAlgorithms = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
];

export const jwt = {
  secret: optional(
    secret({ reload: true, description: 'The shared key that signs tokens (HS256), at least 32 bytes.' }),
  ),
  jwksUrl: optional(
    text({
      reload: true,
      description: "The identity provider's key set. Keys are fetched, cached and rotated.",
      pattern: '^https?://[^\\s/@]+(?:/[^\\s@]*)?$',
      example: 'https://id.example.com/.well-known/jwks.json',
      write: 'an https:// URL without a password in it',
    }),
  ),
  issuer: optional(
    text({
      reload: true,
      description: 'The `iss` a token must have.',
      otherwise: 'not checked',
      example: 'https://id.example.com',
    }),
  ),
  audience: optional(
    text({
      reload: true,
      description: 'The `aud` a token must have.',
      otherwise: 'not checked',
      example: 'stanzawire',
    }),
  ),
  algorithms: choices([...sharedKeyAlgorithms, ...publicKeyAlgorithms], {
    reload: true,
    description: 'The signature algorithms that are accepted.',
    otherwise: 'HS256 with `secret`; RS256, ES256, EdDSA with `jwksUrl`',
    example: ['HS256'],
  }),
  userClaim: text({
    reload: true,
    description: "The claim that names the user; it becomes the JID's localpart.",
    default: 'sub',
  }),
  scopeClaim: text({ reload: true, description: 'The claim that lists scopes, such as `raw`.', default: 'scope' }),
};

export const guest = {
  enabled: flag({
    reload: true,
    description: 'Lets clients in without a token, as a new user of their own.',
    default: false,
  }),
  prefix: text({ reload: true, description: "What guests' user names start with.", default: 'guest-' }),
  ttl: duration(second, 3650 * day, { reload: true, description: "How long a guest's token lasts.", default: '7d' }),
};

export const webhook = {
  url: optional(
    text({
      ...signedUrl,
      reload: true,
      description: 'Where tokens are posted to. It turns the webhook on.',
      otherwise: 'off',
      example: 'https://app.example.com/hooks/stanzawire-auth',
    }),
  ),
  secret: optional(secret({ reload: true, description: `${signingKey} Required with \`url\`, here or in a file.` })),
  // Below the ten seconds that a socket has for its `connect`.
  timeout: duration(100, 9 * second, {
    reload: true,
    description: 'How long a client waits for the answer, its turn in the queue included.',
    default: '5s',
  }),
  cache: duration(0, hour, {
    reload: true,
    description: 'How long an answer that lets a user in counts for the same token. `0s` asks each time.',
    default: '1m',
  }),
  concurrency: integer(1, 1000, { reload: true, description: 'Requests at once.', default: 32 }),
  queue: integer(0, 100_000, {
    reload: true,
    description: 'Tokens that may wait for their turn. Who comes while it is full is told to come again.',
    default: 1000,
  }),
};
