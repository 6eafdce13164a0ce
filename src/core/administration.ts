/** What operators and their backends may ask of the virtual server and do with it (docs/api.md): the operations of protocol/api. */
import type { Api } from '../protocol/api.ts';
import type { Store } from '../store/store.ts';
import type { LinkState } from '../xmpp/link.ts';
import { accountOperations } from './administration/accounts.ts';
import { actingOperations } from './administration/acting.ts';
import { sessionOperations } from './administration/sessions.ts';
import { statusOf } from './administration/status.ts';
import type { VirtualServer } from './server.ts';

/** What only the process knows. */
export interface ProcessView {
  readonly node: string;
  link(): LinkState;
  /** Reads the configuration again. @throws StanzaError what is wrong with it */
  reload(): Promise<{ changed: string[]; needRestart: string[] }>;
  ready(): { ready: boolean; draining: boolean };
  sockets(): { connecting: number; open: number; closing: number; limit: number };
  memory(): { heapBytes: number; heapLimitBytes: number; residentBytes: number };
}

export interface Administered {
  readonly server: VirtualServer;
  readonly store: Store;
  readonly storeKind: 'sqlite' | 'memory';
  readonly process: ProcessView;
}

/** Some of the operations. */
export type Part = Partial<Api>;

export function createAdministration(parts: Administered): Api {
  return {
    getStatus: () => statusOf(parts),
    reload: () => parts.process.reload(),
    ...accountOperations(parts),
    ...sessionOperations(parts),
    ...actingOperations(parts),
  };
}
