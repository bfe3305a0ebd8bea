import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

const opsFile = (name: string): URL => new URL(`../../ops/${name}`, import.meta.url);

const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().regex(/^\d+[smh]$/),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const panelSchema = z.object({
  id: z.number(),
  type: z.enum(['row', 'timeseries']),
  title: z.string(),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
});
const dashboardSchema = z.object({ uid: z.string(), title: z.string(), panels: z.array(panelSchema) });

/** The alert rules. @throws when the file is not what Prometheus reads */
export async function readRules() {
  const { groups } = rulesSchema.parse(parse(await readFile(opsFile('prometheus/alerts.yml'), 'utf8')));
  return groups.flatMap(({ rules }) => rules);
}

export async function readDashboard() {
  return dashboardSchema.parse(JSON.parse(await readFile(opsFile('grafana/switchyard.json'), 'utf8')));
}

/** Every expression of rules and dashboard, with where it stands; Grafana's own variables are filled in. */
export async function listExpressions(): Promise<{ where: string; expression: string; texts: string[] }[]> {
  const rules = (await readRules()).map(({ alert, expr, annotations }) => {
    return { where: alert, expression: expr, texts: Object.values(annotations) };
  });
  const panels = (await readDashboard()).panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => {
      return { where: title, expression: expr.replaceAll('$__rate_interval', '5m'), texts: [legendFormat] };
    }),
  );
  return [...rules, ...panels];
}
