/**
 * The configuration, read again (docs/configuration.md, "Changes without a restart"): the new values go into the tree that
 * the parts read, what is made of values is made anew, and the operator is told what happened.
 */
import type { LiveAuth } from './auth/live.ts';
import { type LiveConfig, type Reloaded, warnings } from './config.ts';
import type { Http } from './http/server.ts';
import { type Logger, type PartLogs, setLevels } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface ReloadParts {
  /** Absent: there is nothing to read. */
  readonly live: LiveConfig | undefined;
  readonly auth: LiveAuth;
  readonly http: Http;
  readonly log: Logger;
  readonly logs: PartLogs;
  readonly metrics: Metrics;
}

export class Reload {
  readonly #parts: ReloadParts;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#readable(true);
  }

  /** @throws ConfigError, logged already: nothing has changed */
  run(): Reloaded {
    const { live, auth, log, metrics } = this.#parts;
    if (!live) return { changed: [], needRestart: [] };
    try {
      const reloaded = live.reload((next, changed) => {
        if (changed.some((key) => key.startsWith('auth.'))) auth.configure(next);
      });
      this.#tell(live, reloaded);
      return reloaded;
    } catch (error) {
      metrics.configReloads.inc('failed');
      this.#readable(false);
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ event: 'config_reload_failed', reason }, 'the new configuration cannot be used: nothing has changed');
      throw error;
    }
  }

  #tell({ config }: LiveConfig, { changed, needRestart }: Reloaded): void {
    const { http, log, logs, metrics } = this.#parts;
    metrics.configReloads.inc(changed.length > 0 ? 'ok' : 'unchanged');
    this.#readable(true);
    setLevels(log, logs, config.log.level, config.log.levels);
    http.limit(config.limits.sockets);
    log.info({ event: 'config_reloaded', changed }, 'the configuration was read again');
    if (needRestart.length > 0) {
      log.warn({ event: 'config_needs_restart', keys: needRestart }, 'changed in the configuration: needs a restart');
    }
    if (changed.length > 0) for (const warning of warnings(config)) log.warn({ event: 'config_warning' }, warning);
  }

  #readable(yes: boolean): void {
    const { configReloadOk, configReloadAt } = this.#parts.metrics;
    configReloadOk.set(yes ? 1 : 0);
    if (yes) configReloadAt.set(Date.now() / 1000);
  }
}
