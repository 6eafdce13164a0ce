/** A real Prometheus that scrapes one gateway, and its answers. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './servers/ports.ts';

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

const startMs = 20_000;

/** One line of a panel: its labels, and points of seconds since the epoch and the value. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [at: number, value: number])[];
}

interface Answer {
  readonly data?: { readonly result: { metric: Record<string, string>; values: [number, string][] }[] };
  readonly error?: string;
}

export interface Span {
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** Seconds. */
  readonly step: number;
}

export class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #atExit = (): void => void this.#child.kill('SIGKILL');

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.#url = url;
    this.#child = child;
    this.#folder = folder;
    process.once('exit', this.#atExit);
  }

  /** Scrapes that port of this machine every second. */
  static async start(port: number): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'stanzawire-prometheus-'));
    const [own = 0] = await freePorts(1);
    const scrape = { job_name: 'stanzawire', static_configs: [{ targets: [`127.0.0.1:${port}`] }] };
    const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [scrape] };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${own}`,
      ],
      { stdio: 'ignore' },
    );
    const prometheus = new Prometheus(`http://127.0.0.1:${own}`, child, folder);
    await prometheus.#ready();
    return prometheus;
  }

  /** What Grafana would ask for a panel. @throws Error with Prometheus' own words for a query that it refuses */
  async range(query: string, { from, to, step }: Span): Promise<Line[]> {
    const parameters = { query, start: `${from}`, end: `${to}`, step: `${step}` };
    const response = await fetch(`${this.#url}/api/v1/query_range`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(startMs),
    });
    const { data, error } = (await response.json()) as Answer;
    if (data === undefined) throw new Error(`${query}: ${error}`);
    return data.result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, value]) => [at, Number(value)] as const),
    }));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    process.removeListener('exit', this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + startMs;
    const ok = () =>
      fetch(`${this.#url}/-/ready`).then(
        (response) => response.ok,
        () => false,
      );
    while (!(await ok())) {
      if (performance.now() > deadline) throw new Error('Prometheus is not ready');
      await delay(50);
    }
  }
}
