/** CPU time and memory of a process and all its descendants, from Linux' /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** What /proc counts CPU time in: USER_HZ is 100 on every common architecture. */
const microsPerTick = 10_000;
const pageBytes = 4096;

/** User and system time of the living descendants, and of the dead ones that were waited for. */
export function cpuMicros(pid: number): number {
  return sum(pid, (stat) => microsPerTick * (field(stat, 14) + field(stat, 15) + field(stat, 16) + field(stat, 17)));
}

export function rssBytes(pid: number): number {
  return sum(pid, (stat) => pageBytes * field(stat, 24));
}

function sum(pid: number, value: (stat: string[]) => number): number {
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return 0;
  // proc(5): the second field is a name in parentheses, which may have blanks in it; the third is first after it
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return value(fields) + childrenOf(pid).reduce((total, child) => total + sum(child, value), 0);
}

/** A field by its number in proc(5). */
function field(stat: string[], number: number): number {
  return Number(stat[number - 3] ?? 0);
}

function childrenOf(pid: number): number[] {
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // it has ended meanwhile
  }
  return threads.flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
