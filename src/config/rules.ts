/** What one key alone cannot tell: rules between keys, and what works but deserves a warning at start. */
import { isIP } from 'node:net';
import { isNetwork, networks, privateNetworks } from '../networks.ts';
import type { Config } from './schema.ts';
import { publicKeyAlgorithms, sharedKeyAlgorithms } from './sections/auth.ts';
import { checkSigning } from './signing.ts';
import { ConfigError, show } from './values.ts';

/** Values by key, before they are put together; `given` are those that the file or the environment has. */
export interface Draft {
  values: Map<string, unknown>;
  given: ReadonlySet<string>;
}

/** Fills in what follows from other keys. @throws ConfigError */
export function derive(draft: Draft): void {
  const { values } = draft;
  deriveDomains(values);
  deriveAuth(draft);
  if (!values.has('readiness.requireLink')) values.set('readiness.requireLink', values.get('mode') !== 'sidecar');
}

function deriveDomains(values: Map<string, unknown>): void {
  const domain = domainOf('xmpp.domain', values.get('xmpp.domain'));
  values.set('xmpp.domain', domain);
  const labels = domain.split('.');
  if (!values.has('xmpp.server')) {
    if (labels.length < 3) {
      throw new ConfigError(
        `xmpp.server: missing, and ${show(domain)} has no parent domain to take; set xmpp.server or STANZAWIRE_XMPP_SERVER to the XMPP server's own domain, like example.com`,
      );
    }
    values.set('xmpp.server', labels.slice(1).join('.'));
  }
  const server = domainOf('xmpp.server', values.get('xmpp.server'));
  values.set('xmpp.server', server);
  if (server === domain) {
    throw new ConfigError(
      `xmpp.domain: ${show(domain)} is also xmpp.server; the gateway needs a domain of its own, like web.${server}`,
    );
  }
}

/** Lower case, without the final dot. What a server takes beyond that is its own affair. */
function domainOf(key: string, text: unknown): string {
  const domain = String(text).normalize('NFKC').toLowerCase().replace(/\.$/, '');
  const isLabel = (label: string) => /^(?!-)[\p{L}\p{M}\p{Nd}-]{1,63}(?<!-)$/u.test(label);
  if (domain.length > 253 || !domain.split('.').every(isLabel)) {
    throw new ConfigError(`${key}: ${show(text)} is not a domain; write a domain name, like web.example.com`);
  }
  return domain;
}

function deriveAuth({ values, given }: Draft): void {
  const shared = values.has('auth.jwt.secret');
  const jwks = values.has('auth.jwt.jwksUrl');
  if (shared && jwks) {
    throw new ConfigError('auth.jwt: a secret and jwksUrl are both set; keep the one that signs your tokens');
  }
  if (shared || jwks) deriveAlgorithms(values, shared);
  else leaveOutJwt(values, given);
}

function leaveOutJwt(values: Map<string, unknown>, given: ReadonlySet<string>): void {
  const stray = [...given].find((key) => key.startsWith('auth.jwt.'));
  if (stray !== undefined) {
    throw new ConfigError(
      `${stray}: ${show(values.get(stray))} has no key to go with; set auth.jwt.secret, auth.jwt.secretFile or auth.jwt.jwksUrl (or STANZAWIRE_AUTH_JWT_SECRET), or remove auth.jwt`,
    );
  }
  if (values.get('auth.guest.enabled') !== true && !values.has('auth.webhook.url')) {
    throw new ConfigError(
      'auth: nobody could connect; set auth.jwt.secret, auth.jwt.secretFile or auth.jwt.jwksUrl (or STANZAWIRE_AUTH_JWT_SECRET), auth.webhook.url, or auth.guest.enabled: true',
    );
  }
  for (const key of values.keys()) if (key.startsWith('auth.jwt.')) values.delete(key);
}

function deriveAlgorithms(values: Map<string, unknown>, shared: boolean): void {
  const allowed = shared ? sharedKeyAlgorithms : publicKeyAlgorithms;
  const chosen = values.get('auth.jwt.algorithms') ?? (shared ? ['HS256'] : ['RS256', 'ES256', 'EdDSA']);
  values.set('auth.jwt.algorithms', chosen);
  const wrong = Array.isArray(chosen) ? chosen.find((name) => !allowed.includes(name)) : undefined;
  if (wrong !== undefined) {
    throw new ConfigError(
      `auth.jwt.algorithms: ${show(wrong)} does not go with ${shared ? 'a shared secret' : 'jwksUrl'}; write of ${allowed.join(', ')}`,
    );
  }
}

/** Rules on the whole. @throws ConfigError */
export function checkRules({ http, auth, limits, webhooks }: Config): void {
  checkSigning('webhooks', webhooks);
  checkSigning('auth.webhook', auth.webhook);
  const { demo, demoUsers } = http.public;
  if (demo && demoUsers.length > 0 && !auth.jwt?.secret) {
    throw new ConfigError(
      `http.public.demoUsers: ${show(demoUsers[0])} could not sign in; set auth.jwt.secret, which signs their tokens, or remove http.public.demoUsers`,
    );
  }
  for (const origin of http.public.origins) {
    const right = asOrigin(origin);
    if (right === origin) continue;
    const remedy = right ? `write ${right}` : 'write scheme and host, like https://chat.example.com';
    throw new ConfigError(`http.public.origins: ${show(origin)} is not an origin as browsers send it; ${remedy}`);
  }
  const { length } = http.internal.apiKey?.() ?? { length: undefined };
  if (length !== undefined && length < 32) {
    throw new ConfigError(
      `http.internal.apiKey: ${length} characters could be guessed; take 32 or more, as openssl rand -hex 32 gives`,
    );
  }
  const wrong = http.public.trustedProxies.find((text) => !isNetwork(text));
  if (wrong !== undefined) {
    throw new ConfigError(
      `http.public.trustedProxies: ${show(wrong)} is neither an address nor a network; write it like 192.0.2.7, 10.0.0.0/8 or fd00::/8`,
    );
  }
  if (limits.outboundTotal < limits.outbound) {
    throw new ConfigError(
      `limits.outboundTotal: ${limits.outboundTotal} bytes are less than one socket may take; make it at least limits.outbound, ${limits.outbound} bytes`,
    );
  }
  if (limits.outbound < limits.stanza) {
    throw new ConfigError(
      `limits.outbound: ${limits.outbound} bytes could not hold one stanza; make it at least limits.stanza, ${limits.stanza} bytes`,
    );
  }
}

/** The text as a browser would write it in `Origin`; undefined where it cannot be one. */
function asOrigin(text: string): string | undefined {
  if (text === '*') return text;
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, protocol, host } = new URL(text);
  // Apps bring schemes of their own (capacitor://localhost), for which URL knows no origin.
  return origin === 'null' ? `${protocol}//${host}` : origin;
}

/** What is allowed and yet better known; one sentence each. */
export function warnings({ xmpp, http, auth, webhooks }: Config): string[] {
  const found: string[] = [];
  if (http.public.origins.includes('*')) {
    found.push('http.public.origins: "*" lets every web page connect; list your own pages instead');
  }
  if (http.public.demo && http.public.origins.length === 0) {
    found.push(
      "http.public.demo: the page cannot connect; add its address, this gateway's own, to http.public.origins",
    );
  }
  if (http.public.demo && http.public.demoUsers.length > 0) {
    found.push(
      `http.public.demoUsers: everybody who reaches the public port may sign in as ${http.public.demoUsers.join(', ')}`,
    );
  }
  const service = new URL(xmpp.service);
  if (service.protocol === 'xmpp:' && !isPrivate(service.hostname)) {
    found.push(
      `xmpp.service: the link to ${service.hostname} is clear text, messages included; use xmpps://, a private network or loopback`,
    );
  }
  const { secret, jwksUrl, algorithms = [] } = auth.jwt ?? {};
  const bytes = secret === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(secret());
  const weak = algorithms.find((name) => bytes < Number(name.slice(2)) / 8);
  if (secret && weak) {
    const needed = Number(weak.slice(2)) / 8;
    found.push(
      `auth.jwt.secret: ${bytes} bytes are too few for ${weak}; take ${needed} or more, as \`openssl rand -base64 48\` gives`,
    );
  }
  const everyone = http.public.trustedProxies.find((text) => text.endsWith('/0'));
  if (everyone !== undefined) {
    found.push(`http.public.trustedProxies: ${everyone} is everybody; any client could then say it is any address`);
  }
  if (jwksUrl?.startsWith('http:') && !isPrivate(new URL(jwksUrl).hostname)) {
    found.push('auth.jwt.jwksUrl: keys come over clear text and could be replaced on the way; use https://');
  }
  if (webhooks.url?.startsWith('http:') && !isPrivate(new URL(webhooks.url).hostname)) {
    found.push('webhooks.url: what is sent there is signed but clear text; use https://');
  }
  if (auth.webhook.url?.startsWith('http:') && !isPrivate(new URL(auth.webhook.url).hostname)) {
    found.push('auth.webhook.url: tokens and answers are clear text, and could be replaced on the way; use https://');
  }
  return found;
}

/** Loopback, private and link-local addresses; names that only a private network resolves. */
function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(host) === 0) return !host.includes('.') || /\.(?:localhost|local|internal|lan|svc|home\.arpa)$/.test(host);
  return networks(privateNetworks).has(host);
}
