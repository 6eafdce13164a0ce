/** Secrets that live in files. */
import { readFileSync } from 'node:fs';

/**
 * A file's text without its trailing line ends.
 * @throws Error of the file system, or one that says that the file is empty
 */
export function secretIn(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  if (text === '') throw new Error('it is empty');
  return text;
}
