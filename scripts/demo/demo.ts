import type { Kysely } from 'kysely';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { findAgency } from '../../db/agencies.ts';
import { createDatabase } from '../../db/database.ts';
import type { Database } from '../../db/schema.ts';
import { withScope } from '../../db/scope.ts';
import { leadIntakeWorkflowId } from '../../domain/workflow-ids.ts';
import { createControlClient } from '../../simulator/control-client.ts';
import type { DemoContext } from './demo-context.ts';
import { type Day, runDay } from './day.ts';
import { type GrownAgency, readGrownAgencies, rememberAgency } from './demo-memory.ts';
import { growAgency } from './grow-agency.ts';
import type { Soil } from './plant-agency.ts';
import { listWrong, summariseTimes, tableOfExamples, tableOfKinds } from './report.ts';
import { showStandings } from './standings.ts';

/**
 * Plants the sample agency and sends its leads, then checks and prints where each went. When an earlier run has done
 * that, it only says how things stand; asked for one scenario (`--scenario once`) it plants another agency, so that
 * every answer is exact again.
 * @returns whether every lead ended where it has to
 */
export async function runDemo(context: DemoContext): Promise<{ ok: boolean }> {
  const { dataDir, secrets, log } = context;
  const db = createDatabase({ url: context.databaseUrl, poolSize: 4, connectTimeoutMs: 10_000 });
  const simulator = createControlClient(context.simulator.url);
  const soil: Soil = {
    db,
    keys: parseKeyRing(secrets.encryptionKeys),
    simulator,
    app: { clientId: secrets.ghlClientId, clientSecret: secrets.ghlClientSecret },
    webhookUrl: `${context.apiUrl}/webhooks/ghl`,
  };
  try {
    // The API may listen elsewhere than last time.
    await simulator.seed({ apps: [{ ...soil.app, webhookUrl: soil.webhookUrl }] });
    const known = await findFinished(db, dataDir);
    if (known !== undefined && !context.once) {
      log(`the sample agency and its leads are there since ${known.finishedAt?.slice(0, 10) ?? 'an earlier run'}`);
      print(await showStandings(db, known));
      return { ok: true };
    }
    log('planting the sample agency: a master, 3 regions, 25 locations');
    const agency = await growAgency(soil, new Date());
    await rememberAgency(dataDir, agency);
    log(`sending 200 leads to ${agency.key}`);
    const day = await runDay({ ...context, db, simulator, agency });
    await rememberAgency(dataDir, { ...agency, finishedAt: new Date().toISOString() });
    return { ok: report(day, agency, context) };
  } finally {
    await db.destroy();
  }
}

/** The sample agency of an earlier run, if this database has it. */
async function findFinished(db: Kysely<Database>, dataDir: string): Promise<GrownAgency | undefined> {
  const finished = (await readGrownAgencies(dataDir)).findLast(({ finishedAt }) => finishedAt !== null);
  const row = finished && (await withScope(db, { agencyId: finished.agencyId }, (tx) => findAgency(tx)));
  return row && finished;
}

function print(lines: string[]): void {
  console.log(`\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Prints how the day went. Returns whether all of it is right. */
function report({ results, problems }: Day, agency: GrownAgency, context: DemoContext): boolean {
  const wrong = results.filter((result) => result.problems.length > 0).length;
  print(tableOfKinds(results));
  print(tableOfExamples(results));
  if (wrong > 0 || problems.length > 0) print(['WRONG', ...listWrong(results), ...problems]);
  print([`${results.length} leads sent, ${results.length - wrong} right, ${wrong} wrong`, summariseTimes(results)]);
  const example = results.find(({ sample, seen }) => sample.kind === 'signal' && seen !== undefined)?.seen;
  if (context.temporalUiUrl !== undefined && example !== undefined) {
    const id = encodeURIComponent(leadIntakeWorkflowId(agency.agencyId, example.leadId));
    print([
      'One lead as a workflow, the one reassigned by a signal, for who has opened the link below:',
      `${context.apiUrl}/temporal/namespaces/${context.namespace}/workflows/${id}`,
      'What GHL shows of it all:',
      `${context.simulator.url}/_control/`,
    ]);
  }
  return wrong === 0 && problems.length === 0;
}
