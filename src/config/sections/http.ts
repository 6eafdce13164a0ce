/** Configuration keys: the two ports. */
import { flag, list, optional, port, secret, text } from '../kinds.ts';

export const publicHttp = {
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
    reload: true,
    description:
      'The web pages that may connect, each as a browser sends it in `Origin`: scheme, host, and port unless it is the usual one. No page may until it is listed; `*` lets every page in and is warned about.',
    default: [],
    example: ['https://chat.example.com'],
    write: 'a list of origins, like [https://chat.example.com]',
  }),
  requireOrigin: flag({
    reload: true,
    description:
      'Refuses clients that send no `Origin`. Browsers always send one, other programs need not: set it where nothing but web pages connects.',
    default: false,
  }),
  trustedProxies: list({
    reload: true,
    description:
      'Your reverse proxies, load balancers and Ingress controllers: addresses and networks. From them the end of `X-Forwarded-For` says who the client is, from others it says nothing. List them, or `limits.perAddress` counts all users behind a proxy with a public address as one, and none behind a proxy in a private network.',
    default: [],
    example: ['10.0.0.0/8'],
    write: 'a list of addresses and networks, like [10.0.0.0/8, 192.0.2.7]',
  }),
  demo: flag({
    description:
      'Serves a chat page at `/` of the public port, [the demo](demo.md). Its own address must be among the `origins`.',
    default: false,
  }),
  demoUsers: list({
    description:
      'Users whom everybody may be on the demo page, without a password: the gateway signs their tokens with `auth.jwt.secret`. For demonstrations only.',
    default: [],
    example: ['alice', 'bob'],
    write: 'a list of user names, like [alice, bob]',
  }),
};

export const internalHttp = {
  host: text({ description: 'The address the internal port listens on.', default: '127.0.0.1' }),
  port: port({
    description:
      'The internal port: `/livez`, `/readyz`, `/metrics`, and `/api` for operators and backends. Never publish it. 0 takes a free one.',
    default: 9090,
  }),
  apiKey: optional(
    secret({
      reload: true,
      description:
        'The key of the API ([api.md](api.md)), at least 32 characters, as `openssl rand -hex 32` makes one. Whoever has it may do anything for any account. Without it `/api` is off.',
      example: '/run/secrets/stanzawire/api',
    }),
  ),
};
