import { Connection } from '@temporalio/client';
import { suiteEvidence } from './evidence.ts';

const AT_ONCE = 8;
const PAGE = 1_000;
/** Opaque bytes hold hardly anything that can be read. */
const UNREADABLE = /[^\p{L}\p{N}\p{P}\p{S} ]+/gu;

type Service = Connection['workflowService'];

async function* readPages<T extends { nextPageToken?: Uint8Array | null }>(
  ask: (nextPageToken: Uint8Array) => Promise<T>,
): AsyncGenerator<T> {
  let token: Uint8Array = new Uint8Array();
  do {
    const page = await ask(token);
    yield page;
    token = page.nextPageToken ?? new Uint8Array();
  } while (token.length > 0);
}

/**
 * Reads all that a Temporal server knows of every workflow of every namespace, as it is stored: ids, search attributes,
 * memos, failures, stack traces, summaries, names of queues. No codec opens anything.
 * @param wanted the namespaces; all by default
 * @returns how many runs there were
 */
export async function hearHistories(address: string, evidence = suiteEvidence, wanted?: string[]): Promise<number> {
  if (!evidence.isKept) return 0;
  const connection = await Connection.connect({ address });
  const heard = new Set<string>();
  const hear = (file: string, place: string, record: unknown): void => {
    for (const [path, text] of listStrings(record, '')) {
      if (heard.has(text)) continue;
      heard.add(text);
      evidence.say('history', `${place} ${path}`, text, file);
    }
  };
  try {
    const service = connection.workflowService;
    const runs: (() => Promise<void>)[] = [];
    for await (const { namespaces } of readPages((nextPageToken) => service.listNamespaces({ nextPageToken })))
      for (const { namespaceInfo } of namespaces ?? []) {
        const namespace = namespaceInfo?.name ?? '';
        if (namespace === 'temporal-system' || wanted?.includes(namespace) === false) continue;
        // A test's namespace is described by the file that made it.
        const hearOf = hear.bind(undefined, namespaceInfo?.description ?? '');
        for await (const run of listRuns(service, namespace, hearOf)) runs.push(run);
      }
    const next = runs.values();
    const work = async (): Promise<void> => {
      for (const run of next) await run();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return runs.length;
  } finally {
    await connection.close();
  }
}

async function* listRuns(
  service: Service,
  namespace: string,
  hear: (place: string, record: unknown) => void,
): AsyncGenerator<() => Promise<void>> {
  const ask = (nextPageToken: Uint8Array) =>
    service.listWorkflowExecutions({ namespace, pageSize: PAGE, nextPageToken });
  for await (const { executions } of readPages(ask))
    for (const info of executions ?? []) {
      const { execution, type, closeTime } = info;
      const place = `${namespace} ${type?.name}`;
      yield async () => {
        hear(place, info);
        const request = { namespace, execution: execution ?? null };
        // What an activity that is still retried fails of stands in no event yet.
        if (!closeTime) hear(place, await service.describeWorkflowExecution(request));
        const read = (nextPageToken: Uint8Array) => service.getWorkflowExecutionHistory({ ...request, nextPageToken });
        for await (const { history } of readPages(read))
          for (const event of history?.events ?? []) hear(`${place} event ${event.eventId?.toString()}`, event);
      };
    }
}

/** The strings of a message, and what can be read in its bytes, with their paths. */
function* listStrings(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString('utf8').replace(UNREADABLE, '\n');
    const readable = text.split('\n').filter((piece) => piece.length >= 5);
    if (readable.length > 0) yield [path, readable.join('\n')];
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && !/^\w+$/.test(key)) yield [path, key];
      yield* listStrings(inner, `${path}.${Array.isArray(value) ? '' : key}`);
    }
  }
}
