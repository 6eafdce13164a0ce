/** One program that the quickstart started: its log, its end, and stopping it with all that it started itself. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

const stopAfterMs = 4000;

/**
 * Starts a program in a process group of its own, so that the terminal's Ctrl-C reaches only us. `onEnd` is called,
 * with the reason and the end of its log, if it ends before it was told to.
 */
export function startChild(name, command, args, { log, onEnd, ...options }) {
  const output = openSync(log, 'a', 0o600);
  const child = spawn(command, args, { stdio: ['ignore', output, output], detached: true, ...options });
  closeSync(output);
  let stopping = false;
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  void ended.then((how) => {
    if (!stopping) onEnd(lastWords(`${name} ${how}`, log));
  });
  return {
    /** Waits for something the program should do. Never resolves once it has ended: onEnd has the word then. */
    async whileWaiting(promise) {
      const gone = ended.then(() => new Promise(() => {}));
      try {
        await Promise.race([promise, gone]);
      } catch (error) {
        throw new Error(lastWords(`${name}: ${error.message}`, log));
      }
    },
    /** SIGTERM, and SIGKILL if that was not enough; resolves when it is gone. */
    async stop() {
      stopping = true;
      if (child.pid === undefined) return;
      signalGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), stopAfterMs);
      await ended;
      clearTimeout(timer);
      // What it had started itself, if anything, has had its chance.
      signalGroup(child.pid, 'SIGKILL');
    },
  };
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function lastWords(what, log) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20);
  return lines.join('').trim() ? `${what}. The end of its log:\n${lines.map((line) => `  ${line}`).join('\n')}` : what;
}
