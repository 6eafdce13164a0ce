/** A copy of the project, for tests that build it: others read this one's files meanwhile. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const made: readonly string[] = ['node_modules', '.git', '.cache', 'dist', 'data', 'coverage'];

/** The dependencies are this project's. */
export function copyProject(to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(root)) {
    if (!made.includes(name)) cpSync(join(root, name), join(to, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
}
