import type { CompiledQuery, QueryResult, Transaction } from 'kysely';
import type { Database } from './schema.ts';

type Tx = Transaction<Database>;
/** As Kysely's builders and `sql` have it. */
export interface Statement<Row> {
  compile(of: Tx): CompiledQuery<Row>;
}

const names = new Map<string, string>();
const kept = new WeakMap<CompiledQuery, string>();

/**
 * A statement that a connection has Postgres parse and plan but once, in transactions whose plans are kept (`Opening`): for
 * what intake asks with every group, which takes nearly as long to plan as to do.
 * @param query whose text is always the same: Postgres holds each text as long as the connection lives
 */
export const keepingPlan = <Row>(query: Statement<Row>): Statement<Row> => ({
  compile(of) {
    const compiled = query.compile(of);
    const name = names.get(compiled.sql) ?? `kept_${names.size + 1}`;
    names.set(compiled.sql, name);
    kept.set(compiled, name);
    return compiled;
  },
});

/** Runs a statement so. */
export const runKeepingPlan = <Row>(tx: Tx, query: Statement<Row>): Promise<QueryResult<Row>> =>
  tx.executeQuery(keepingPlan(query).compile(tx));

/** By which name a connection knows a statement whose plan is kept; undefined for all others. */
export const nameOfKept = (query: CompiledQuery): string | undefined => kept.get(query);
