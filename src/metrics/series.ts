/**
 * Counters, gauges and histograms as numbers in arrays: counting costs some ten nanoseconds, and prom-client reads them when
 * it is scraped.
 */
import * as prom from 'prom-client';

/** `'other'` in a set opens it to any string; without it the compiler takes only what is listed. */
export type Value<V extends string> = 'other' extends V ? string : V;
export type Label<V extends string> = { name: string; values: readonly V[] };
export type Labels = readonly Label<string>[];
export type Args<L extends Labels> = { [K in keyof L]: L[K] extends Label<infer V> ? Value<V> : never };

export const label = <const V extends string>(name: string, values: readonly V[]): Label<V> => ({ name, values });
/** For what others name (conditions, frame types, reasons): anything that is not listed counts as `other`. */
export const open = (name: string, values: readonly string[]) =>
  label<string>(name, [...new Set([...values, 'other'])]);

/** One number per combination of label values, in an array; a label list's index is its position in mixed radix. */
class Series<L extends Labels> {
  readonly names: string[];
  readonly combinations: Record<string, string>[];
  readonly #indexes: Map<string, number>[];

  constructor(labels: L) {
    this.names = labels.map((each) => each.name);
    this.#indexes = labels.map((each) => new Map(each.values.map((value, index) => [value, index])));
    this.combinations = labels.reduce<Record<string, string>[]>(
      (all, { name, values }) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      [{}],
    );
  }

  /** -1, to which writes go nowhere, if a set without `other` got what is not in it. */
  index(values: readonly string[]): number {
    let index = 0;
    for (let i = 0; i < this.#indexes.length; i++) {
      const known = this.#indexes[i];
      const at = known?.get(values[i] ?? 'other') ?? known?.get('other');
      if (known === undefined || at === undefined) return -1;
      index = index * known.size + at;
    }
    return index;
  }
}

export class Counter<L extends Labels> {
  readonly #series: Series<L>;
  readonly #values: Float64Array;

  constructor(registry: prom.Registry, name: string, help: string, labels: L) {
    const series = new Series(labels);
    const values = new Float64Array(series.combinations.length);
    this.#series = series;
    this.#values = values;
    new prom.Counter({
      ...config(name, help, registry),
      labelNames: series.names,
      collect() {
        this.reset();
        for (const [i, combination] of series.combinations.entries()) this.inc(combination, values[i]);
      },
    });
  }

  inc(...labels: Args<L>): void {
    this.add(1, ...labels);
  }

  add(n: number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    this.#values[index] = (this.#values[index] ?? 0) + n;
  }
}

export class Gauge<L extends Labels> {
  readonly #series: Series<L>;
  readonly #reads: (() => number)[];

  constructor(registry: prom.Registry, name: string, help: string, labels: L) {
    const series = new Series(labels);
    const reads = series.combinations.map(() => () => 0);
    this.#series = series;
    this.#reads = reads;
    new prom.Gauge({
      ...config(name, help, registry),
      labelNames: series.names,
      collect() {
        for (const [i, read] of reads.entries()) this.set(series.combinations[i] ?? {}, read());
      },
    });
  }

  set(n: number, ...labels: Args<L>): void {
    this.from(() => n, ...labels);
  }

  /** Reads the value at each scrape. */
  from(read: () => number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    if (index >= 0) this.#reads[index] = read;
  }
}

export class Histogram<L extends Labels> {
  readonly #series: Series<L>;
  readonly #bounds: number[];
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;

  constructor(registry: prom.Registry, name: string, help: string, bounds: number[], labels: L) {
    this.#series = new Series(labels);
    this.#bounds = bounds;
    this.#counts = new Float64Array(this.#series.combinations.length * (bounds.length + 1));
    this.#sums = new Float64Array(this.#series.combinations.length);
    const read = () => this.#series.combinations.flatMap((combination, i) => this.#samples(name, combination, i));
    new SampledHistogram({ ...config(name, help, registry), labelNames: this.#series.names }, read);
  }

  observe(seconds: number, ...labels: Args<L>): void {
    const index = this.#series.index(labels);
    if (index < 0) return;
    let bucket = 0;
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? 0)) bucket++;
    const at = index * (this.#bounds.length + 1) + bucket;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sums[index] = (this.#sums[index] ?? 0) + seconds;
  }

  #samples(name: string, sharedLabels: Record<string, string>, index: number): Sample[] {
    const sample = (part: string, labels: Sample['labels'], value: number) => {
      return { metricName: `${prefix}${name}_${part}`, labels, sharedLabels, value };
    };
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, bucket) => {
      total += this.#counts[index * (this.#bounds.length + 1) + bucket] ?? 0;
      return sample('bucket', { le }, total);
    });
    return [...buckets, sample('sum', {}, this.#sums[index] ?? 0), sample('count', {}, total)];
  }
}

interface Sample {
  metricName: string;
  labels: { le?: number | string };
  sharedLabels: Record<string, string>;
  value: number;
}

/** A histogram whose samples are kept elsewhere: prom-client's own costs some 300 ns per value. */
class SampledHistogram extends prom.Histogram {
  readonly #about: { name: string; help: string };
  readonly #read: () => Sample[];

  constructor(settings: prom.HistogramConfiguration<string>, read: () => Sample[]) {
    super(settings);
    this.#about = { name: settings.name, help: settings.help };
    this.#read = read;
  }

  /** What the registry asks a histogram for, and get() is made of. */
  getForPromString() {
    return Promise.resolve({ ...this.#about, type: 'histogram', aggregator: 'sum', values: this.#read() });
  }
}

const prefix = 'stanzawire_';

export function config(name: string, help: string, registry: prom.Registry) {
  return { name: prefix + name, help, registers: [registry] };
}
