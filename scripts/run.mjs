/**
 * node scripts/run.mjs FILE ARGS…: runs a TypeScript file of this project with a Node that can.
 * Node 20 without node_modules can run this script, and then says what to do.
 */
import { resolve } from 'node:path';
import { fail, hasDependencies, requireNode, root, run } from './node.mjs';

const [file, ...args] = process.argv.slice(2);
if (!file) fail('usage: node scripts/run.mjs FILE [ARGUMENT …]');
const node = requireNode();
if (!hasDependencies({ dev: false }))
  fail('The dependencies are missing or older than package-lock.json: run "npm ci".');
const command = [resolve(root, file), ...args];

// Becoming the program needs no process in between that could be killed without it.
if (node === process.execPath && process.platform !== 'win32' && process.execve) {
  process.execve(node, [node, ...command], process.env);
}
process.exitCode = await run(node, command);
