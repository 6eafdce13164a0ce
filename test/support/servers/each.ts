/** Runs one suite on each of the four servers. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type ServerOptions, testServers, type XmppServer } from './index.ts';

/** Whether a test may be skipped for want of a program: not in CI, where everything must be there. */
export function maySkip(available: boolean): boolean {
  return !available && ['', '0', 'false'].includes(process.env.CI ?? '');
}

/**
 * Describes the suite once for every server, and starts and stops the server around it; `server()` is the running one.
 * A server that is not installed is skipped and the reason printed; in CI its suite fails instead.
 */
export function onEveryServer(title: string, suite: (server: () => XmppServer) => void, options?: ServerOptions): void {
  for (const { name, available, why, start } of testServers()) {
    const skipped = maySkip(available);
    if (skipped) console.warn(`${title}: skipped on ${name}: ${why}`);
    describe.skipIf(skipped)(`${title} on ${name}`, () => {
      let running: XmppServer | undefined;
      beforeAll(async () => {
        running = await start(options);
      });
      afterAll(() => running?.stop());
      suite(() => {
        if (!running) throw new Error(`${name} is not running`);
        return running;
      });
    });
  }
}
