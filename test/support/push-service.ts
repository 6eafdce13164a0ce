/**
 * A push service and a browser behind it: it takes notifications over TLS, verifies who sends (RFC 8292) and decrypts with
 * the browser's private key (RFC 8291, RFC 8188), written from the documents and not with the library that encrypts.
 */
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import tls from 'node:tls';
import { Backend, type Received, type Reply } from './backend.ts';
import { certificate } from './certificate.ts';

export interface Notification {
  readonly browser: Browser;
  readonly payload: Record<string, unknown>;
  readonly headers: Received['headers'];
}

/** One subscription. */
export class Browser {
  readonly #ecdh: ECDH = createECDH('prime256v1');
  readonly #auth = randomBytes(16);
  readonly path: string;
  readonly subscription: { endpoint: string; expirationTime: number | null; keys: { p256dh: string; auth: string } };

  constructor(origin: string, name: string) {
    this.path = `/push/${name}`;
    const p256dh = this.#ecdh.generateKeys('base64url');
    this.subscription = {
      endpoint: `${origin}${this.path}`,
      expirationTime: null,
      keys: { p256dh, auth: this.#auth.toString('base64url') },
    };
  }

  decrypt(body: Buffer): Record<string, unknown> {
    // RFC 8188 §2.1: salt, record size, length of the key id, key id: the sender's public key.
    const [salt, size, length] = [body.subarray(0, 16), body.readUInt32BE(16), body.readUInt8(20)];
    const sender = body.subarray(21, 21 + length);
    const record = body.subarray(21 + length);
    if (record.length > size) throw new Error('more than one record');
    // RFC 8291 §3.4
    const shared = this.#ecdh.computeSecret(sender);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#ecdh.getPublicKey(), sender]);
    const ikm = Buffer.from(hkdfSync('sha256', shared, this.#auth, info, 32));
    const key = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16));
    const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12));
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAuthTag(record.subarray(-16));
    const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
    // The last record ends with 0x02 and padding of zeros.
    const end = plain.lastIndexOf(2);
    return JSON.parse(plain.toString('utf8', 0, end)) as Record<string, unknown>;
  }
}

export class PushService {
  readonly backend: Backend;
  /** What it answers; undefined = 201, as a push service that has taken it. */
  reply: (browser: Browser) => Reply | undefined = () => undefined;
  readonly #browsers = new Map<string, Browser>();

  private constructor(backend: Backend) {
    this.backend = backend;
    backend.reply = ({ path }) => {
      const browser = this.#browsers.get(path);
      return browser ? (this.reply(browser) ?? { status: 201 }) : { status: 404 };
    };
  }

  /** On 127.0.0.1, with a certificate that this process trusts from now on. */
  static async start(): Promise<PushService> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = certificate(publicKey, privateKey);
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), cert]);
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return new PushService(await Backend.start({ tls: { key, cert } }));
  }

  browser(name: string): Browser {
    const browser = new Browser(this.backend.url, name);
    this.#browsers.set(browser.path, browser);
    return browser;
  }

  /** The next notification for that browser, whatever it was answered. */
  async next(browser: Browser, timeoutMs = 15_000): Promise<Notification> {
    const { headers, body } = await this.backend.inbox.next(({ path }) => path === browser.path, timeoutMs);
    return { browser, headers, payload: browser.decrypt(body) };
  }

  stop(): Promise<void> {
    return this.backend.stop();
  }
}

/** RFC 8292 §2: the claims of the token that says who sends, its signature verified. */
export function vapidClaims({ headers }: Notification): { claims: Record<string, unknown>; key: string } {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(String(headers.authorization)) ?? [];
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { x, y } = { x: Buffer.from(key, 'base64url').subarray(1, 33), y: Buffer.from(key, 'base64url').subarray(33) };
  const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  const isRight = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    bytes,
  );
  if (!isRight) throw new Error('the token is not signed with the key that it names');
  const algorithm = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: string };
  if (algorithm.alg !== 'ES256') throw new Error(`another algorithm: ${algorithm.alg}`);
  return { claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>, key };
}
