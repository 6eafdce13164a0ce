/** Secrets that live in files: mounted secrets are replaced while the process runs. */
import { readFileSync, statSync } from 'node:fs';
import type { Secret } from './schema.ts';

const recheckAfterMs = 1000;

/**
 * A file's text without its trailing line ends. The file is looked at again at most once a second, when asked; one that
 * has gone or become empty leaves the last value in force, as a replacement in two steps would.
 * @throws Error of the file system, or one that says that the file is empty, when first read
 */
export function secretFile(path: string): Secret {
  let { text, version } = read(path);
  let checked = Date.now();
  return () => {
    const now = Date.now();
    if (Math.abs(now - checked) < recheckAfterMs) return text;
    checked = now;
    try {
      if (versionOf(path) !== version) ({ text, version } = read(path));
    } catch {
      return text;
    }
    return text;
  };
}

function read(path: string): { text: string; version: string } {
  const version = versionOf(path);
  const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  if (text === '') throw new Error('it is empty');
  return { text, version };
}

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs} ${size} ${ino}`;
}
