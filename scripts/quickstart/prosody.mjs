/** Finds Prosody, installs it where that is allowed, and writes the files of a throwaway instance. */
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { exitUnusable } from '../node.mjs';
import { installPackage, mayInstall } from './apt.mjs';
import { howToInstall } from './words.mjs';

/** Where packages put Prosody without every PATH knowing. */
const usualFolders = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
];

/** The path of the program `prosody`, or undefined. */
export function findProsody() {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...usualFolders];
  return folders.map((folder) => join(folder, 'prosody')).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As findProsody, after installing it where possible; ends the process with what to do where it is not. */
export function requireProsody({ install }) {
  let problem = '';
  if (!findProsody() && install && mayInstall()) problem = installPackage('prosody') ?? '';
  const found = findProsody();
  if (found) return found;
  console.error([problem, howToInstall()].filter(Boolean).join('\n\n'));
  process.exit(exitUnusable);
}

/** Writes config and account into the folder; answers the config's path. */
export function prepareProsody(folder, stage) {
  const values = {
    RUN_AS_ROOT: String(process.getuid?.() === 0),
    FOLDER: folder,
    SERVER: stage.server,
    DOMAIN: stage.domain,
    C2S_PORT: stage.ports.c2s,
    HTTP_PORT: stage.ports.xmppSocket,
    COMPONENT_PORT: stage.ports.component,
    COMPONENT_SECRET: stage.componentSecret,
  };
  const template = readFileSync(new URL('prosody.cfg.lua', import.meta.url), 'utf8');
  const config = join(folder, 'prosody.cfg.lua');
  writeFileSync(
    config,
    template.replace(/@([A-Z0-9_]+)@/g, (_, name) => values[name]),
    { mode: 0o600 },
  );
  // What prosodyctl adduser would write, without its half second.
  const accounts = join(folder, 'data', stage.server, 'accounts');
  mkdirSync(accounts, { recursive: true });
  mkdirSync(join(folder, 'certs'));
  const account = `return {\n\t["password"] = "${stage.xmppUser.password}";\n};\n`;
  writeFileSync(join(accounts, `${stage.xmppUser.name}.dat`), account, { mode: 0o600 });
  return config;
}
