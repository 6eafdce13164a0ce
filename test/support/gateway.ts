/** A whole gateway for tests, on free ports, and the tokens for it. */
import { mintToken } from '../../src/auth/jwt.ts';
import { LiveConfig, loadConfig } from '../../src/config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/log.ts';
import { type Connecting, JsonClient } from './json-client.ts';
import type { ScriptedServer } from './scripted-server.ts';
import type { XmppServer } from './servers/server.ts';

/** What it connects to: a scripted or a real server. */
export interface Upstream {
  readonly service: string;
  readonly secret: string;
  /** The gateway's domain, and the server's. */
  readonly componentDomain: string;
  readonly host: string;
  /** Its services, where the gateway is not to look for them. */
  readonly rooms?: string;
  readonly upload?: string;
}

/** The real or the scripted server, as the gateway's configuration has it. */
export function upstreamOf(server: XmppServer | ScriptedServer): Upstream {
  if ('componentDomain' in server) return server;
  return {
    service: server.service,
    secret: server.secret,
    componentDomain: server.domain,
    host: server.server,
    rooms: `rooms.${server.server}`,
    upload: `upload.${server.server}`,
  };
}

export const tokenSecret = 'a secret of thirty-two bytes, or more';

/** What a gateway for tests and measurements needs, whether in this process or as a program of its own. */
export function gatewayEnv({ service, componentDomain, host, secret }: Upstream): Record<string, string> {
  return {
    STANZAWIRE_XMPP_SERVICE: service,
    STANZAWIRE_XMPP_DOMAIN: componentDomain,
    STANZAWIRE_XMPP_SERVER: host,
    STANZAWIRE_XMPP_SECRET: secret,
    STANZAWIRE_AUTH_JWT_SECRET: tokenSecret,
    STANZAWIRE_STORE_URL: 'memory:',
    STANZAWIRE_HTTP_PUBLIC_HOST: '127.0.0.1',
    STANZAWIRE_HTTP_PUBLIC_PORT: '0',
    STANZAWIRE_HTTP_INTERNAL_PORT: '0',
    STANZAWIRE_DRAIN_TIME: '0s',
  };
}

export class TestGateway {
  readonly url: string;
  readonly internalUrl: string;
  readonly domain: string;
  readonly stop: () => Promise<void>;

  private constructor(ports: { publicPort: number; internalPort: number }, domain: string, stop: () => Promise<void>) {
    this.url = `ws://127.0.0.1:${ports.publicPort}/ws`;
    this.internalUrl = `http://127.0.0.1:${ports.internalPort}`;
    this.domain = domain;
    this.stop = stop;
  }

  /** `env` overrides the configuration, as in `{ STANZAWIRE_LIMITS_RATE: '1000' }`. */
  static async start(
    upstream: Upstream,
    env: Record<string, string | undefined> = {},
    log = createLogger(process.env.TEST_LOG ?? 'silent'),
    demoFolder?: string,
  ): Promise<TestGateway> {
    const { level } = log;
    // Read again at a reload, with what has become of `env`.
    const live = new LiveConfig(() =>
      loadConfig({
        env: {
          ...gatewayEnv(upstream),
          STANZAWIRE_LOG_LEVEL: level,
          ...(upstream.rooms === undefined ? {} : { STANZAWIRE_ROOMS_SERVICE: upstream.rooms }),
          ...(upstream.upload === undefined ? {} : { STANZAWIRE_UPLOADS_SERVICE: upstream.upload }),
          STANZAWIRE_UPLOADS_HOSTS: '127.0.0.1',
          ...env,
        },
      }),
    );
    const gateway = await createGateway(live.config, {
      log,
      live,
      ...(demoFolder === undefined ? {} : { demoFolder }),
    });
    return new TestGateway(await gateway.start(), live.config.xmpp.domain, () => gateway.stop());
  }

  /** A client of that user, connected and past `ready`. */
  async login(user: string, connecting: Connecting & { scopes?: string[]; ttlMs?: number } = {}): Promise<JsonClient> {
    const { scopes, ttlMs, ...connect } = connecting;
    const token = await this.token(user, { ...(scopes ? { scopes } : {}), ...(ttlMs ? { ttlMs } : {}) });
    return JsonClient.connect(this.url, { token, ...connect });
  }

  token(user: string, options: { scopes?: string[]; ttlMs?: number } = {}): Promise<string> {
    const claims = { userClaim: 'sub', scopeClaim: 'scope', ...options };
    return mintToken({ secret: tokenSecret, user, ttlMs: 3600_000, ...claims });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.internalUrl}/metrics`)).text();
  }
}
