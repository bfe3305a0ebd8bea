/**
 * Rows in the order of their keys. Transactions that write or lock several rows which others may want at the same time
 * come to them in this order: otherwise each could wait for what the other holds.
 */
export function inLockOrder<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ row }) => row);
}
