/** A key server with real keys on a free port, signers to go with it, and what the gateway logged. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type AuthOptions, createAuth, type JwtOptions } from '../../src/auth/auth.ts';
import { createLogger } from '../../src/log.ts';
import { StanzaError } from '../../src/protocol/errors.ts';

export interface Pair {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

export async function makePair(alg: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export function signWith(pair: Pair, payload: JWTPayload, header: Record<string, string> = { kid: pair.kid }) {
  return new SignJWT(payload).setProtectedHeader({ alg: pair.alg, ...header }).sign(pair.privateKey);
}

export class KeyServer {
  keys: JWK[] = [];
  /** What it answers; undefined: nothing, ever. */
  status: number | undefined = 200;
  body: string | undefined;
  requests = 0;
  #server: Server | undefined;
  url = '';

  async start(port = 0): Promise<void> {
    this.#server = createServer((_, response) => {
      this.requests++;
      if (this.status === undefined) return;
      response.writeHead(this.status, { 'content-type': 'application/json' });
      response.end(this.body ?? JSON.stringify({ keys: this.keys }));
    });
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address) this.url = `http://127.0.0.1:${address.port}/keys`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }
}

/** A log that is kept as text, down to its debug lines. */
export function keptLog() {
  const lines: string[] = [];
  const log = createLogger('trace', { write: (line: string) => void lines.push(line) });
  return { log, text: () => lines.join('') };
}

export const jwtDefaults: JwtOptions = { algorithms: ['HS256'], userClaim: 'sub', scopeClaim: 'scope' };
export const noGuests: AuthOptions['guest'] = {
  enabled: false,
  prefix: 'guest-',
  ttl: 3_600_000,
  key: new Uint8Array(32),
};

/** An authenticator of what a test names, its log, and the error that a token is refused with. */
export function authWith(options: {
  jwt?: Partial<JwtOptions>;
  guest?: Partial<AuthOptions['guest']>;
  now?: () => number;
}) {
  const { log, text } = keptLog();
  const auth = createAuth({
    ...(options.jwt ? { jwt: { ...jwtDefaults, ...options.jwt } } : {}),
    guest: { ...noGuests, ...options.guest },
    log,
    ...(options.now ? { now: options.now } : {}),
  });
  const refusal = async (token: string | undefined): Promise<StanzaError> => {
    const outcome = await auth.authenticate(token).catch((error: unknown) => error);
    if (outcome instanceof StanzaError) return outcome;
    throw new Error(`not refused: ${JSON.stringify(outcome)} ${String(outcome)}`);
  };
  return { auth, refusal, logged: text };
}

export const invalid = { code: 'token-invalid', message: 'The token is not valid', retry: false, details: {} };
export const expired = { code: 'token-expired', message: 'The token has expired', retry: false };
