#!/usr/bin/env node
/**
 * The process: command line, configuration, start, signals, exit codes. Everything that a Node too old would stumble
 * over is imported after the check of its version.
 */
import { readFileSync } from 'node:fs';
import type { Command } from './commands/arguments.ts';
import type { Config, ConfigFiles, LiveConfig } from './config.ts';
import type { Gateway } from './gateway.ts';
import type { Logger } from './log.ts';

const oldestNode = [22, 18] as const;

process.exitCode = await main(process.argv.slice(2));

/** The exit code; undefined while the gateway runs. */
async function main(args: readonly string[]): Promise<number | undefined> {
  const tooOld = refuseNode(process.versions.node);
  const { exitCodes } = await import('./commands/exit-codes.ts');
  if (tooOld) return complain(tooOld, exitCodes.unavailable);
  const { readArguments, UsageError } = await import('./commands/arguments.ts');
  const { ConfigError } = await import('./config.ts');
  try {
    return await obey(readArguments(args));
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, exitCodes.usage);
    if (error instanceof ConfigError) return complain(error.message, exitCodes.config);
    return complain(error instanceof Error ? (error.stack ?? error.message) : String(error), exitCodes.bug);
  }
}

function refuseNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Node.js ${oldestNode.join('.')} or newer is needed, and this is ${version} (${process.execPath}); install a newer one from https://nodejs.org`;
}

function complain(message: string, code: number): number {
  console.error(`stanzawire: ${message}`);
  return code;
}

async function obey(command: Command): Promise<number | undefined> {
  if (command.name === 'version') return print(version());
  if (command.name === 'help') return print((await import('./commands/help.ts')).manual(version()).trimEnd());
  if (command.name === 'conformance') {
    return (await import('./commands/conformance.ts')).conformance(command.args, (text) => console.log(text));
  }
  const { ConfigFiles, LiveConfig, loadConfig } = await import('./config.ts');
  const sources = { file: command.file, env: process.env };
  if (command.name === 'run') {
    const files = new ConfigFiles();
    return run(new LiveConfig(() => loadConfig({ ...sources, files })), files);
  }
  const config = loadConfig(sources);
  if (command.name === 'token') return print(await (await import('./commands/token.ts')).token(config, command));
  if (command.name === 'drain') return drain(config, command.timeout);
  return check(config, command.link);
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String(JSON.parse(text).version);
}

async function check(config: Config, withLink: boolean): Promise<number> {
  const { effectiveYaml, warnings } = await import('./config.ts');
  await (await import('./load-extensions.ts')).loadExtensions(config.extensions);
  const { exitCodes } = await import('./commands/exit-codes.ts');
  console.log(effectiveYaml(config).trimEnd());
  for (const warning of warnings(config)) console.error(`stanzawire: warning: ${warning}`);
  if (withLink) {
    const { checkLink } = await import('./commands/check.ts');
    const failure = await checkLink(config);
    if (failure !== undefined) return complain(failure, exitCodes.unavailable);
    console.log(`link: ${config.xmpp.service} takes ${config.xmpp.domain}`);
  }
  return print('ok');
}

async function drain(config: Config, timeout: string | undefined): Promise<number> {
  const { parseDuration } = await import('./config.ts');
  const { UsageError } = await import('./commands/arguments.ts');
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && !timeoutMs) {
    throw new UsageError(`drain: --timeout ${JSON.stringify(timeout)} is not a duration; write one like 30s or 2m`);
  }
  const { code, message } = await (await import('./commands/drain.ts')).drain(config, timeoutMs);
  return code === 0 ? print(message) : complain(message, code);
}

async function run(live: LiveConfig, files: ConfigFiles): Promise<number | undefined> {
  const [{ createLogger }, { ConfigError, effective, warnings }, { exitCodes }] = await Promise.all([
    import('./log.ts'),
    import('./config.ts'),
    import('./commands/exit-codes.ts'),
  ]);
  const { config } = live;
  const log = createLogger(config.log.level);
  for (const warning of warnings(config)) log.warn({ event: 'config_warning' }, warning);
  let gateway: Gateway | undefined;
  // What is wrong with the new configuration is logged.
  const reload = (): void => void gateway?.reload().catch(() => undefined);
  const { close } = await obeySignals(config, log, reload, async () => {
    files.stop();
    await gateway?.stop();
  });
  try {
    const { createGateway } = await import('./gateway.ts');
    gateway = await createGateway(config, { log, live });
    const ports = await gateway.start();
    files.watch(reload);
    void gateway.over.then(close, close);
    log.info({ event: 'started', version: version(), ...ports, config: effective(config) }, 'the gateway runs');
    return undefined;
  } catch (err) {
    if (err instanceof ConfigError) {
      log.fatal({ event: 'start_failed' }, err.message);
      process.exit(complain(err.message, exitCodes.config));
    }
    log.fatal({ event: 'start_failed', err }, `cannot start: ${explain(err, config)}`);
    process.exit(exitCodes.unavailable);
  }
}

/** Installs what ends the process: signals, and errors that nobody caught; and the signal that reloads. */
async function obeySignals(
  config: Config,
  log: Logger,
  reload: () => void,
  stop: () => Promise<void>,
): Promise<{ close: () => void }> {
  const [{ default: closeWithGrace }, { exitCodes }, { drainGraceMs }] = await Promise.all([
    import('close-with-grace'),
    import('./commands/exit-codes.ts'),
    import('./commands/drain.ts'),
  ]);
  const logger = { error: (reason: unknown) => log.error({ event: 'forced_exit', err: reason }, String(reason)) };
  // It ends the process itself: with 0 after a signal, with 1 when the stop fails or a second signal comes.
  const closing = closeWithGrace({ delay: false, logger }, async ({ signal, err }) => {
    onHangup(() => undefined);
    // Not its own delay, which would be of the drain.time of the start.
    const patience = config.drain.time + drainGraceMs;
    setTimeout(() => {
      log.error({ event: 'forced_exit' }, `the stop took more than ${patience / 1000} s`);
      process.exit(1);
    }, patience).unref();
    if (err) log.fatal({ event: 'crashed', err }, 'an error that nobody caught: closing');
    else log.info({ event: 'stopping', signal }, 'stopping');
    try {
      await stop();
    } finally {
      log.info({ event: 'stopped' }, 'stopped');
      if (err) process.exit(exitCodes.bug);
    }
  });
  onHangup(reload);
  return closing;
}

/** SIGHUP means "read the configuration again", and is never the end. */
function onHangup(listener: () => void): void {
  process.removeAllListeners('SIGHUP');
  process.on('SIGHUP', listener);
}

/** Why it did not start, with the key that helps. */
function explain(error: unknown, { http }: Config): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port, address }: NodeJS.ErrnoException & { port?: number; address?: string } = error;
  const key = port === http.internal.port ? 'http.internal' : 'http.public';
  if (code === 'EADDRINUSE') return `${key}.port: ${port} is taken; stop what listens there, or choose another`;
  if (code === 'EACCES' && port !== undefined) return `${key}.port: ${port} needs privileges; choose one above 1023`;
  if (code === 'EADDRNOTAVAIL') return `${key}.host: ${address} is no address of this machine; write one, or 0.0.0.0`;
  return error.message;
}
