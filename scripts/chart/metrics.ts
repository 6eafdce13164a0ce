/** docs/metrics.md: every metric, from the registry itself. */
import { createMetrics } from '../../src/metrics.ts';

const intro = `<!-- Made from src/metrics.ts by "npm run docs": change it there. -->

# Metrics

Prometheus text at \`/metrics\` of the internal port. Counters and gauges exist with 0 from the start, for every
combination of their labels; label values come from closed sets, and what is not in one counts as \`other\`. There is never a
JID, a room, an address, an \`Origin\` or an id in a label. Beside these there are \`process_*\` and \`nodejs_*\`.
[runbook.md](runbook.md) has the alerts, [alerts.yaml](../helm/stanzawire/files/alerts.yaml) their rules,
[dashboard.json](../helm/stanzawire/files/dashboard.json) is a dashboard for Grafana 10 and newer.

![Its rows, while a soak kills and stops the gateway and the XMPP server](images/dashboard.png)

The service level indicator is \`stanzawire_request_duration_seconds\`: what is not \`outcome="failed"\`, and how fast.`;

export async function metricsPage(): Promise<string> {
  const found = await createMetrics({ version: '0' }).registry.getMetricsAsJSON();
  const own = found.filter(({ name }) => name.startsWith('stanzawire_'));
  const rows = own.map(({ name, type, help, values }) => {
    const labels = new Map<string, Set<string>>();
    for (const value of values) {
      for (const [label, each] of Object.entries(value.labels)) {
        if (label !== 'le') labels.set(label, (labels.get(label) ?? new Set()).add(String(each)));
      }
    }
    const described = [...labels].map(([label, each]) => `\`${label}\`${few(name, each)}`).join(', ');
    return [`\`${name}\``, String(type), described, help];
  });
  const lines = [['metric', 'type', 'labels', 'meaning'], ['---', '---', '---', '---'], ...rows];
  return `${intro}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

/** The values where one can take them in; the others are lists of the protocol. */
function few(metric: string, values: Set<string>): string {
  if (metric.endsWith('build_info') || values.size > 12) return '';
  return ` (${[...values].join(' ')})`;
}
