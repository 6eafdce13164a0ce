/** The types of servers.mjs, which is plain JavaScript because it runs before Node 24 is there. */
export type ServerName = 'prosody-0.12' | 'ejabberd-23.01' | 'prosody-13' | 'ejabberd-24.12';

export interface Installation {
  name: ServerName;
  kind: 'prosody' | 'ejabberd';
  /** The folder that the server sees as `/`: `/` itself, or the root folder of another Debian release. */
  root: string;
  /** As the package has it: 0.12.3, 24.12-3+b1. */
  version: string;
}

export interface Missing {
  what: string;
  why: string;
}

/** Every server of the table: where it is, or why it is missing. Reads only a few directory entries. */
export function findServers(): { found: Installation[]; missing: (Missing & { what: ServerName })[] };

/** Installs what is missing, where that is possible. Never throws for missing things. */
export function prepareServers(options?: { ci?: boolean }): Promise<{ available: string[]; missing: Missing[] }>;
