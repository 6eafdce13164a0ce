/** What a test sees of a real XMPP server, and what it may ask for when it starts one. */
import type { Installation, ServerName } from '../../../scripts/servers.mjs';

export interface ServerOptions {
  /** Component domains beside `web.example.test`, with the same secret. */
  components?: readonly string[];
  /** The local parts of the accounts of `example.test`; the password of each is `pw`. */
  accounts?: readonly string[];
  /** The largest stanza of the component streams, in bytes; default: the server's own. */
  maxStanzaSize?: number;
  /** Keeps an archive for every account of `example.test`; rooms always have one. Default: no. */
  archive?: boolean;
  /** Writes a debug log, which slows the server down. */
  debug?: boolean;
}

export interface XmppServer {
  readonly name: ServerName;
  readonly kind: 'prosody' | 'ejabberd';
  /** The domain of the accounts. */
  readonly host: 'example.test';
  /** The domain of the rooms: temporary ones with an archive, until their owner wants otherwise. */
  readonly rooms: 'conference.example.test';
  readonly uploadDomain: 'upload.example.test';
  readonly accounts: readonly string[];
  readonly password: 'pw';
  readonly componentDomain: 'web.example.test';
  readonly secret: 's3cret';
  /** The component listener as the gateway's configuration has it: `xmpp://127.0.0.1:PORT`. */
  readonly service: string;
  readonly c2sPort: number;
  readonly httpPort: number;
  readonly componentPort: number;
  /** The listener of each component domain; on Prosody it is the same for all. */
  readonly componentPorts: ReadonlyMap<string, number>;
  /** The folder of its configuration, data and logs. */
  readonly dir: string;
  /** Of the running process; changes with a restart. */
  readonly pid: number;
  /** Sends a signal; after SIGKILL and SIGTERM resolves when the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports and data, after a clean end if it still runs. */
  restart(): Promise<void>;
  /** Ends it at once and removes its folder. */
  stop(): Promise<void>;
  /** CPU time of the process and its children since it was started, user and system, in steps of 10 ms. */
  cpuMicros(): number;
  /** Resident memory of the process and its children. */
  rssBytes(): number;
  /** All that it has logged. */
  log(): string;
}

/** The addresses and names that a configuration is written from. */
export interface Setup {
  installation: Installation;
  /** The folder as this process sees it, and as the server sees it (they differ below a root folder). */
  dir: string;
  inside: string;
  c2sPort: number;
  httpPort: number;
  componentPorts: ReadonlyMap<string, number>;
  accounts: readonly string[];
  options: ServerOptions;
}

export const host = 'example.test';
export const componentDomain = 'web.example.test';
export const secret = 's3cret';
export const password = 'pw';
