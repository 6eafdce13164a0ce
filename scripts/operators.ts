/**
 * What operators read and is made from the code: the chart's README and schema, the dashboard, the page of metrics.
 * `npm run docs` writes them; a test compares the files with what this makes.
 */
import { dashboard } from './chart/dashboard.ts';
import { metricsPage } from './chart/metrics.ts';
import { valuesSchema } from './chart/schema.ts';
import { readme } from './chart/values.ts';

/** Path below the project's root → content. */
export async function operatorPages(): Promise<Record<string, string>> {
  return {
    'docs/metrics.md': await metricsPage(),
    'helm/stanzawire/README.md': readme(),
    'helm/stanzawire/values.schema.json': valuesSchema(),
    'helm/stanzawire/files/dashboard.json': dashboard(),
  };
}
