/** The XMPP servers that a test can run on, each by name: `describe.skipIf(!server.available).each…`. */
import { findServers, type ServerName } from '../../../scripts/servers.mjs';
import { startEjabberd } from './ejabberd.ts';
import { startProsody } from './prosody.ts';
import type { ServerOptions, XmppServer } from './server.ts';

export type { ServerOptions, XmppServer } from './server.ts';
export { startEjabberd, startProsody };

export interface TestServer {
  name: ServerName;
  available: boolean;
  /** Why it is not available. */
  why?: string;
  start: (options?: ServerOptions) => Promise<XmppServer>;
}

/** All four, installed or not, the oldest first. */
export function testServers(): TestServer[] {
  const { found, missing } = findServers();
  const names: ServerName[] = ['prosody-0.12', 'ejabberd-23.01', 'prosody-13', 'ejabberd-24.12'];
  return names.map((name) => {
    const installation = found.find((each) => each.name === name);
    if (!installation) {
      const why = missing.find(({ what }) => what === name)?.why ?? 'not installed';
      return { name, available: false, why, start: () => Promise.reject(new Error(`${name}: ${why}`)) };
    }
    const start = installation.kind === 'prosody' ? startProsody : startEjabberd;
    return { name, available: true, start: (options) => start(options, installation) };
  });
}
