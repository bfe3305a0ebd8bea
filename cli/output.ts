/** What a command answers: for a program, and for a person. */
export interface Answer {
  data: unknown;
  text: string;
}

type Cell = string | number | boolean | Date | null | undefined;

const show = (cell: Cell): string => {
  if (cell === null || cell === undefined || cell === '') return '-';
  if (cell instanceof Date) return `${cell.toISOString().slice(0, 19)}Z`;
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  // What came from outside must not move the cursor of the terminal.
  return String(cell).replace(/\p{Cc}/gu, ' ');
};

/** Rows under their headings in columns as wide as needed; a note instead when there are none. */
export function formatTable(headings: string[], rows: Cell[][], whenEmpty: string): string {
  if (rows.length === 0) return whenEmpty;
  const lines = [headings, ...rows.map((row) => row.map(show))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, one a line. */
export function formatFields(fields: Record<string, Cell>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields)
    .map(([name, value]) => `${name.padEnd(width)}  ${show(value)}`)
    .join('\n');
}
