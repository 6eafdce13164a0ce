/**
 * A real Chromium, driven by the DevTools protocol over Node's own WebSocket: just enough to load a page, act on it
 * and wait for what it shows.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

/** The path of a Chromium or Chrome, or undefined. */
export function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a page looks at the world. */
export interface View {
  width: number;
  height: number;
  dark?: boolean;
}

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #devtools: Devtools;

  private constructor(process: ChildProcess, profile: string, devtools: Devtools) {
    this.#process = process;
    this.#profile = profile;
    this.#devtools = devtools;
  }

  /** Starts the program with an empty profile. */
  static async start(program: string): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'stanzawire-browser-'));
    const quiet = ['background-networking', 'component-update', 'sync', 'quic', 'gpu'].map(
      (what) => `--disable-${what}`,
    );
    const args = ['--headless', '--no-sandbox', '--no-first-run', ...quiet, '--remote-debugging-port=0'];
    const child = spawn(program, [...args, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Browser(child, profile, await Devtools.connect(await devtoolsUrl(child)));
  }

  /** Opens a page and resolves when it has loaded. */
  async open(url: string, view: View): Promise<Page> {
    const { targetId } = await this.#devtools.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#devtools.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this.#devtools, String(sessionId));
    await page.look(view);
    await page.load(url);
    return page;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Page {
  /** What the page wrote to its console as errors, and the exceptions nobody caught. */
  readonly errors: string[] = [];
  readonly #devtools: Devtools;
  readonly #session: string;

  constructor(devtools: Devtools, session: string) {
    this.#devtools = devtools;
    this.#session = session;
    devtools.listen(session, 'Runtime.exceptionThrown', (event) => this.errors.push(JSON.stringify(event)));
    devtools.listen(session, 'Log.entryAdded', (event) => {
      const text = JSON.stringify(event);
      if (text.includes('"level":"error"')) this.errors.push(text);
    });
  }

  async look({ width, height, dark = false }: View): Promise<void> {
    const mobile = width < 600;
    await this.#call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
    await this.#call('Emulation.setEmulatedMedia', { features });
  }

  async load(url: string): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log']) await this.#call(`${domain}.enable`);
    const loaded = new Promise<void>((resolve) => {
      this.#devtools.listen(this.#session, 'Page.loadEventFired', () => resolve());
    });
    await this.#call('Page.navigate', { url });
    await loaded;
  }

  /** The value of a JavaScript expression; a promise is awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', options);
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  }

  /** Resolves when the expression holds, looking at every change of the page; fails after the timeout. */
  async waitFor(expression: string, timeoutMs = 10_000): Promise<void> {
    const met = await this.evaluate(`new Promise((resolve) => {
      const look = () => { if (${expression}) end(true); };
      const end = (met) => { observer.disconnect(); clearTimeout(timer); resolve(met); };
      const observer = new MutationObserver(look);
      const timer = setTimeout(() => end(false), ${timeoutMs});
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      look();
    })`);
    if (!met)
      throw new Error(
        `not within ${timeoutMs} ms: ${expression}\n${String(await this.evaluate('document.body.innerText'))}`,
      );
  }

  /** Puts the text where the focus is, as a keyboard would. */
  async type(text: string): Promise<void> {
    await this.#call('Input.insertText', { text });
  }

  async press(key: 'Enter' | 'ArrowRight' | 'Tab'): Promise<void> {
    const codes = { Enter: 13, ArrowRight: 39, Tab: 9 };
    const event = { key, code: key, windowsVirtualKeyCode: codes[key], ...(key === 'Enter' && { text: '\r' }) };
    await this.#call('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.#call('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key });
  }

  async screenshot(file: string, whole = false): Promise<void> {
    const { data } = await this.#call('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
  }

  #call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.#devtools.call(method, params, this.#session);
  }
}

type Listener = (event: Record<string, unknown>) => void;

interface Reply {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** One connection to the DevTools protocol, shared by all pages. */
class Devtools {
  readonly #socket: WebSocket;
  readonly #open = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Map<string, Listener[]>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Reply);
    socket.onclose = () => {
      for (const answer of this.#open.values()) answer({ error: { message: 'the browser has gone' } });
    };
  }

  static connect(url: string): Promise<Devtools> {
    const socket = new WebSocket(url);
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(new Devtools(socket));
      socket.onerror = () => reject(new Error(`no DevTools at ${url}`));
    });
  }

  call(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#open.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
  }

  listen(sessionId: string, method: string, listener: Listener): void {
    const key = `${sessionId} ${method}`;
    this.#listeners.set(key, [...(this.#listeners.get(key) ?? []), listener]);
  }

  #receive(reply: Reply): void {
    if (reply.id === undefined) {
      const key = `${reply.sessionId} ${reply.method}`;
      for (const listener of this.#listeners.get(key) ?? []) listener(reply.params ?? {});
      return;
    }
    this.#open.get(reply.id)?.(reply);
    this.#open.delete(reply.id);
  }
}

/** Chromium prints where its DevTools listen. Its other lines are read away: a full pipe would stop it. */
function devtoolsUrl(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (!stderr) throw new Error('the browser was started without a pipe');
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the browser ended before it listened')));
    createInterface({ input: stderr }).on('line', (line) => {
      const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (url) resolve(url);
    });
  });
}
