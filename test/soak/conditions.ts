/**
 * Loaded with --import into a gateway's process: shifts its clock, and makes its disk slow, as the file that CONDITIONS
 * names says; the file is read at the start, and again at SIGWINCH.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface Conditions {
  /** How far its clock is ahead. */
  shiftMs: number;
  /** What each write and each sync of the store takes more. */
  slowMs: number;
}

const file = process.env.CONDITIONS;
let conditions: Conditions = { shiftMs: 0, slowMs: 0 };

function read(): void {
  if (file !== undefined && fs.existsSync(file)) conditions = JSON.parse(fs.readFileSync(file, 'utf8')) as Conditions;
}

const RealDate = Date;
const now = (): number => RealDate.now() + conditions.shiftMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

/** A disk that is busy holds up the whole thread, as every synchronous call does. */
const pause = new Int32Array(new SharedArrayBuffer(4));
function slow<A extends unknown[], R>(call: (fd: number, ...args: A) => R): (fd: number, ...args: A) => R {
  return (fd, ...args) => {
    // Not the log's.
    if (fd > 2 && conditions.slowMs > 0) Atomics.wait(pause, 0, 0, conditions.slowMs);
    return call(fd, ...args);
  };
}
Object.assign(fs, {
  writeSync: slow(fs.writeSync),
  fdatasyncSync: slow(fs.fdatasyncSync),
  ftruncateSync: slow(fs.ftruncateSync),
});
syncBuiltinESMExports();

process.on('SIGWINCH', read);
read();
