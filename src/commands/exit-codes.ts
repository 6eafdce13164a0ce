/** How the process ends, as sysexits.h numbers it where it has a number; --help lists them. */
export const exitCodes = { ok: 0, forced: 1, usage: 2, unavailable: 69, bug: 70, timeout: 75, config: 78 } as const;

export const exitMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'done; or stopped in good order: after SIGTERM or SIGINT, or as a sidecar with its XMPP server'],
  [
    exitCodes.forced,
    'stopped in haste: a second signal, a second failure, or a stop that took too long; or conformance found a failure',
  ],
  [exitCodes.usage, 'the command line is wrong'],
  [
    exitCodes.unavailable,
    'could not start (a port is taken, the store does not open), --check=link failed, or drain found no gateway',
  ],
  [exitCodes.bug, 'an error that should not be: logged, everything closed'],
  [exitCodes.timeout, 'drain: not drained within --timeout; the gateway goes on with it'],
  [exitCodes.config, 'the configuration is wrong: the message names the key, the value and the remedy'],
];
