import { Connection } from '@temporalio/client';
import type { Log } from './progress.ts';

// temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD; its module has no export that ESM can name.
const KEYWORD = 2;

/** A Temporal server was reached but cannot be used as it is. */
export class TemporalNamespaceError extends Error {
  readonly code = 'TemporalNamespace';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TemporalNamespaceError';
  }
}

/** Connects and asks for the namespace; rejects while the server does not serve it. */
export async function probeNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    await connection.withDeadline(Date.now() + 3_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } finally {
    await connection.close();
  }
}

/**
 * Adds the search attributes (all of type Keyword) that a server which we did not start lacks.
 * @throws TemporalNamespaceError when the server does not take them
 */
export async function addMissingSearchAttributes(
  address: string,
  namespace: string,
  names: string[],
  log: Log,
): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length === 0) return;
    log(`adding search attributes to ${address}: ${missing.join(', ')}`);
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD] as const));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    throw new TemporalNamespaceError(
      `Temporal at ${address} lacks search attributes this application needs (${names.join(', ')}, type Keyword, ` +
        `namespace ${namespace}), and they could not be added. Add them with: temporal operator search-attribute create`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
}
