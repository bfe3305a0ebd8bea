import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { InputError } from '../failure.ts';
import { text } from '../inputs.ts';
import { locationFields, type LocationFields, readColumns } from './fields.ts';

/** Rows are compared with one another; more than this makes the operator wait. */
const MOST_ROWS = 5_000;

const yesOrNo = z
  .enum(['yes', 'no', 'true', 'false', '1', '0'], 'wanted is yes or no')
  .transform((answer) => ['yes', 'true', '1'].includes(answer));

/** A column of the file is the field's name in snake case. */
const rowSchema = z.object({
  ...locationFields,
  kind: z.enum(['master', 'region', 'location'], 'wanted is master, region or location'),
  name: text(200),
  parent: text(200).optional(),
  intake: yesOrNo.optional(),
});

export interface ImportRow {
  /** The line of the file on which the row ends. */
  line: number;
  kind: 'master' | 'region' | 'location';
  name: string;
  /** Name or GHL id of the location above. */
  parent: string | undefined;
  ghlLocationId: string | undefined;
  columns: NonNullable<ReturnType<typeof readColumns>['columns']>;
}

export interface RowProblem {
  line: number;
  problem: string;
}

export const IMPORT_COLUMNS = Object.keys(rowSchema.shape).map(toSnakeCase);

/**
 * Reads the rows of a locations file: commas, semicolons or tabs, a header row, UTF-8 or UTF-16.
 * @returns the rows that are usable by themselves, and what is wrong with the others
 * @throws InputError when it is no such file at all
 */
export function readImportRows(file: Uint8Array): { rows: ImportRow[]; problems: RowProblem[] } {
  const [header, ...records] = parseCsv(decode(file));
  if (!header) throw new InputError(['The file is empty. Its first row names the columns.']);
  if (records.length > MOST_ROWS)
    throw new InputError([`The file has ${records.length} rows; at most ${MOST_ROWS} go at once.`]);
  const names = header.cells.map((cell) => cell.toLowerCase().replace(/[\s-]+/g, '_'));
  requireColumns(names);
  const rows: ImportRow[] = [];
  const problems: RowProblem[] = [];
  for (const { cells, line } of records) {
    const row = readRow(names, cells);
    if (Array.isArray(row)) problems.push(...row.map((problem) => ({ line, problem })));
    else rows.push({ ...row, line });
  }
  return { rows, problems };
}

function decode(file: Uint8Array): string {
  const encoding = file[0] === 0xff && file[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(file);
  } catch {
    throw new InputError(['The file is not UTF-8. Save it as "CSV UTF-8".']);
  }
}

interface CsvRecord {
  record: string[];
  info: { lines: number };
}

/** The one that parts the header: other cells may hold any of them. */
function findDelimiter(content: string): string {
  const header = content.slice(0, content.search(/[\r\n]|$/));
  const count = (delimiter: string): number => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, each) => (count(each) > count(best) ? each : best));
}

function parseCsv(content: string): { cells: string[]; line: number }[] {
  try {
    const records = parse(content, {
      info: true,
      delimiter: findDelimiter(content),
      trim: true,
      // Rows of another length are reported one by one.
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    }) as unknown as CsvRecord[];
    return records.map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    if (error instanceof CsvError) throw new InputError([`The file is no CSV: ${error.message}`]);
    throw error;
  }
}

function requireColumns(names: string[]): void {
  const problems = names.flatMap((name, index) => {
    if (!IMPORT_COLUMNS.includes(name))
      return [`Unknown column ${name || `number ${index + 1}`}. Known are ${IMPORT_COLUMNS.join(', ')}.`];
    return names.indexOf(name) === index ? [] : [`The column ${name} is there twice.`];
  });
  for (const name of ['kind', 'name']) if (!names.includes(name)) problems.push(`The column ${name} is missing.`);
  if (problems.length > 0) throw new InputError(problems);
}

function readRow(names: string[], cells: string[]): Omit<ImportRow, 'line'> | string[] {
  if (cells.length > names.length)
    return [`has ${cells.length} cells where the header has ${names.length}: quote text with commas`];
  const given: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? '';
    if (cell !== '') given[toCamelCase(name)] = ['kind', 'intake'].includes(name) ? cell.toLowerCase() : cell;
  }
  const read = rowSchema.safeParse(given);
  if (!read.success) return read.error.issues.map((issue) => describeIssue(issue, given));
  const fields: LocationFields = read.data;
  const { columns, problem } = readColumns(fields);
  if (problem !== undefined) return [problem];
  const { kind, name, parent, ghlLocationId } = read.data;
  return { kind, name, parent, ghlLocationId, columns };
}

function describeIssue(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const column = toSnakeCase(String(issue.path[0]));
  return `${column}: ${given[String(issue.path[0])] === undefined ? 'is missing' : issue.message}`;
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
