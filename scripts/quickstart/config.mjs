/** The quickstart's little world: its domains, people and secrets, and the gateway's config made of them. */
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';

const secret = (bytes = 24) => randomBytes(bytes).toString('base64url');

/** Everything the parts must agree on. The secrets live as long as this run. `origin` is that of a page of the user's own. */
export function world(ports, origin) {
  return {
    ports,
    domain: 'web.localhost',
    server: 'localhost',
    componentSecret: secret(),
    tokenSecret: secret(32),
    webUsers: ['alice', 'bob'],
    xmppUser: { name: 'romeo', password: secret(9) },
    // The stage, and the chat page that it shows in a frame.
    origins: [ports.page, ports.gateway].flatMap((port) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`]),
    ownOrigin: origin,
  };
}

/** The gateway's config file. JSON is YAML as well, and quotes everything. */
export function gatewayConfig(stage, folder) {
  const { ports } = stage;
  const config = {
    xmpp: {
      service: `xmpp://127.0.0.1:${ports.component}`,
      domain: stage.domain,
      secret: stage.componentSecret,
      server: stage.server,
    },
    http: {
      public: {
        host: '127.0.0.1',
        port: ports.gateway,
        path: '/ws',
        origins: [...stage.origins, stage.ownOrigin ?? []].flat(),
        demo: true,
        demoUsers: stage.webUsers,
      },
      internal: { host: '127.0.0.1', port: ports.internal },
    },
    auth: { jwt: { secret: stage.tokenSecret, algorithms: ['HS256'] }, guest: { enabled: true } },
    // The upload service is on this machine, where the gateway puts no files unless it is told to.
    uploads: { hosts: ['127.0.0.1'] },
    store: { url: `sqlite:${join(folder, 'stanzawire.db')}` },
    // Romeo greets Alice at once, perhaps before she has ever signed in.
    accounts: { unknown: 'store' },
    drain: { time: '0s' },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** A token for a web user, as an application's own backend would sign it: HS256, RFC 7519. */
export function mintToken(stage, user, ttlSeconds) {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { sub: user, iat: now, exp: now + ttlSeconds },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', stage.tokenSecret).update(text).digest('base64url')}`;
}
