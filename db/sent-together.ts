import { createRequire } from 'node:module';
import pg from 'pg';

/** How the driver writes a value; this part of it has no types. */
const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils.js') as {
  prepareValue: (value: unknown) => unknown;
};

/** A statement, and what is sent before and after it in the same message. */
interface Together {
  /** Statements without parameters, whose results nobody wants. */
  before: readonly string[];
  text: string;
  /** The connection has Postgres parse and plan the statement once, and names it so from then on; undefined for no longer than now. */
  name: string | undefined;
  parameters: readonly unknown[];
  after: readonly string[];
}

type Done = (error: Error | null, result?: pg.QueryResult) => void;

/** The driver's connection, as its cursors use it. */
interface Wire {
  stream: { cork(): void; uncork(): void };
  close(of: { type: 'S'; name: string }): void;
  parse(of: { text: string; name?: string | undefined }): void;
  bind(of: { values?: readonly unknown[]; statement?: string | undefined }): void;
  describe(of: { type: 'P' }): void;
  execute(of: object): void;
  sync(): void;
}

/** What gathers the driver's answers into rows. */
interface Gathered extends pg.QueryResult {
  addFields(fields: pg.FieldDef[]): void;
  parseRow(fields: unknown[]): pg.QueryResultRow;
  addRow(row: pg.QueryResultRow): void;
  addCommandComplete(message: { text: string }): void;
}

/** The statements that Postgres is sure to know by their names, of each connection. */
const knownNames = new WeakMap<pg.ClientBase, Set<string>>();

function namesKnownTo(client: pg.ClientBase): Set<string> {
  const known = knownNames.get(client) ?? new Set();
  knownNames.set(client, known);
  return known;
}

/**
 * Sends statements in one message and has their answers in one: a single round trip. Postgres does them in their order, and
 * nothing after one that fails. Without `begin` among them they are one transaction.
 * @returns the answer to `text` @throws what Postgres raised for the first that failed
 */
export async function sendTogether<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  together: Together,
): Promise<pg.QueryResult<Row>> {
  // Before anything is sent: a value that cannot be written leaves the connection as it was.
  const values = together.parameters.map((value) => prepareValue(value));
  const { name } = together;
  const known = namesKnownTo(client);
  const isKnown = name !== undefined && known.has(name);
  try {
    const answer = await new Promise<pg.QueryResult<Row>>((resolve, reject) => {
      const done: Done = (error, result) => (error ? reject(error) : resolve(result as pg.QueryResult<Row>));
      client.query(submittableOf({ ...together, isKnown, parameters: values }, done));
    });
    if (name !== undefined) known.add(name);
    return answer;
  } catch (error) {
    // Nobody knows how far it came, nor, if it was not there, what else is not.
    known.clear();
    // As the driver does with its own: its trace begins at the socket and does not say whose statement it was.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** What the driver calls for a query of another's making: to send it, and with each answer. It replaces `callback` to watch the time. */
function submittableOf(
  { before, text, name, isKnown, parameters, after }: Together & { isKnown: boolean },
  callback: Done,
) {
  const result = new pg.Result('', pg.types) as Gathered;
  let completed = 0;
  let unreadable: Error | null = null;
  const isAsked = (): boolean => completed === before.length;
  return {
    callback,
    submit(connection: unknown): void {
      const wire = connection as Wire;
      const send = (statement: string): void => {
        wire.parse({ text: statement });
        wire.bind({});
        wire.execute({});
      };
      wire.stream.cork();
      for (const each of before) send(each);
      // Closing what is not there is no error, while parsing what is there would be.
      if (name !== undefined && !isKnown) wire.close({ type: 'S', name });
      if (!isKnown) wire.parse({ text, name });
      wire.bind({ values: parameters, statement: name });
      wire.describe({ type: 'P' });
      wire.execute({});
      for (const each of after) send(each);
      wire.sync();
      wire.stream.uncork();
    },
    handleRowDescription: ({ fields }: { fields: pg.FieldDef[] }) => result.addFields(fields),
    handleDataRow({ fields }: { fields: unknown[] }) {
      if (!isAsked()) return;
      try {
        result.addRow(result.parseRow(fields));
      } catch (error) {
        unreadable ??= error as Error;
      }
    },
    handleCommandComplete(message: { text: string }) {
      if (isAsked()) result.addCommandComplete(message);
      completed += 1;
    },
    /** To a statement without words Postgres answers so, and nothing else. */
    handleEmptyQuery() {
      completed += 1;
    },
    handleError(error: Error) {
      this.callback(error);
    },
    handleReadyForQuery() {
      this.callback(unreadable, result);
    },
  };
}
