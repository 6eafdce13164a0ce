/**
 * The demo page as its users meet it: a real Prosody, XMPP users on slixmpp, the gateway with the page built from the
 * sources, and a Chromium. For the tests in test/e2e/demo*.test.ts and the screenshots.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { buildDemo } from '../../scripts/demo.ts';
import { errorsOf, launchBrowser } from './browser.ts';
import { TestGateway } from './gateway.ts';
import { SlixmppPeer } from './peers/slixmpp.ts';
import { freePorts } from './servers/ports.ts';
import { startProsody } from './servers/prosody.ts';
import type { XmppServer } from './servers/server.ts';

export class DemoScene {
  readonly server: XmppServer;
  readonly browser: Browser;
  readonly #folder: string;
  readonly #env: Record<string, string>;
  gateway: TestGateway;

  static async begin(env: Record<string, string> = {}): Promise<DemoScene> {
    const folder = mkdtempSync(join(tmpdir(), 'stanzawire-demo-'));
    const [port = 0] = await freePorts(1);
    const settings = {
      STANZAWIRE_HTTP_PUBLIC_PORT: String(port),
      STANZAWIRE_HTTP_PUBLIC_DEMO: 'true',
      STANZAWIRE_HTTP_PUBLIC_DEMO_USERS: 'alice,carol',
      STANZAWIRE_HTTP_PUBLIC_ORIGINS: `http://127.0.0.1:${port}`,
      STANZAWIRE_AUTH_GUEST_ENABLED: 'true',
      // A restart of the gateway goes on with what there was.
      STANZAWIRE_STORE_URL: `sqlite:${join(folder, 'stanzawire.db')}`,
      ...env,
    };
    const page = join(folder, 'page');
    const [server, browser] = await Promise.all([startProsody({ archive: true }), launchBrowser(), buildDemo(page)]);
    const gateway = await startGateway(server, settings, page);
    return new DemoScene({ server, browser, gateway, folder, env: settings });
  }

  private constructor(parts: {
    server: XmppServer;
    browser: Browser;
    gateway: TestGateway;
    folder: string;
    env: Record<string, string>;
  }) {
    this.server = parts.server;
    this.browser = parts.browser;
    this.gateway = parts.gateway;
    this.#folder = parts.folder;
    this.#env = parts.env;
  }

  get url(): string {
    return this.gateway.url.replace(/^ws(.*)\/ws$/, 'http$1/');
  }

  /** Another gateway on the same port and store. */
  async restartGateway(): Promise<void> {
    await this.gateway.stop();
    this.gateway = await startGateway(this.server, this.#env, join(this.#folder, 'page'));
  }

  /** A page of its own browser profile, with what it complained of. */
  async open(
    query = '',
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
      ...options,
    });
    const page = await context.newPage();
    const errors = errorsOf(page);
    await page.goto(this.url + query);
    return { page, context, errors };
  }

  peer(user: string): Promise<SlixmppPeer> {
    return SlixmppPeer.login({ server: this.server, user, resource: 'phone' });
  }

  async end(): Promise<void> {
    await this.browser.close();
    await this.gateway.stop();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function startGateway(server: XmppServer, env: Record<string, string>, demoFolder: string): Promise<TestGateway> {
  return TestGateway.start(upstreamWithRooms(server), env, undefined, demoFolder);
}

function upstreamWithRooms({ service, secret, componentDomain, host, rooms, uploadDomain }: XmppServer) {
  return { service, secret, componentDomain, host, rooms, upload: uploadDomain };
}
