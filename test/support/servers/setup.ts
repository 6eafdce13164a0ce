/** What every start has in common: a folder, free ports, the accounts. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findServers, type Installation } from '../../../scripts/servers.mjs';
import { freePorts } from './ports.ts';
import { componentDomain, type ServerOptions, type Setup } from './server.ts';

/** @param separate every component domain has a listener of its own */
export async function setUp(installation: Installation, options: ServerOptions, separate: boolean): Promise<Setup> {
  const accounts = options.accounts ?? ['alice', 'bob', 'romeo', 'juliet'];
  const odd = accounts.find((account) => !/^[a-z0-9]+$/.test(account));
  if (odd !== undefined) throw new Error(`a test account is lower-case letters and digits, not ${odd}`);
  const domains = [componentDomain, ...(options.components ?? [])];
  const [c2sPort = 0, httpPort = 0, ...rest] = await freePorts(2 + (separate ? domains.length : 1));
  const componentPorts = new Map(domains.map((domain, index) => [domain, rest[separate ? index : 0] ?? 0]));
  const dir = makeFolder(installation);
  const inside = installation.root === '/' ? dir : dir.slice(installation.root.length);
  return { installation, dir, inside, c2sPort, httpPort, componentPorts, accounts, options };
}

function makeFolder({ root, kind }: Installation): string {
  const parent = root === '/' ? realpathSync(tmpdir()) : path.join(root, 'tmp');
  mkdirSync(parent, { recursive: true });
  removeLeftovers(parent);
  return mkdtempSync(path.join(parent, `stanzawire-${kind}-${process.pid}-`));
}

/** A process that was killed could not remove the folders of its servers. */
function removeLeftovers(parent: string): void {
  for (const entry of readdirSync(parent)) {
    const owner = /^stanzawire-(?:prosody|ejabberd)-(\d+)-/.exec(entry)?.[1];
    if (owner === undefined || !existsSync('/proc/self') || existsSync(`/proc/${owner}`)) continue;
    try {
      rmSync(path.join(parent, entry), { recursive: true, force: true });
    } catch {
      // another user's
    }
  }
}

/** The first server of that kind that is installed. @throws Error with the reason where there is none. */
export function anyOf(kind: Installation['kind']): Installation {
  const { found, missing } = findServers();
  const first = found.find((installation) => installation.kind === kind);
  if (!first) throw new Error(missing.find(({ what }) => what.startsWith(kind))?.why ?? `${kind} is not installed`);
  return first;
}
