import { join } from 'node:path';
import ts from 'typescript';

export interface ColumnShape {
  kind: string;
  nullable: boolean;
  /** May be left out of an insert. */
  optional: boolean;
  /** The words a text column is confined to. */
  words?: string[];
}

/** Tables by name, columns by name. */
export type SchemaShape = Record<string, Record<string, ColumnShape>>;

const root = join(import.meta.dirname, '..', '..');

/** Asks the compiler what Kysely makes of our types. */
const PROBE = `
import type { Insertable, Selectable } from 'kysely';
import type { Database } from './schema.ts';
export type Rows = { [T in keyof Database]: Selectable<Database[T]> };
export type Inserts = { [T in keyof Database]: Insertable<Database[T]> };
`;

/** What db/schema.ts says of the tables. */
export function readSchemaTypes(): SchemaShape {
  const file = join(root, 'db', 'schema-probe.ts');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const plain = ts.createCompilerHost(options);
  host.fileExists = (path) => path === file || plain.fileExists(path);
  host.readFile = (path) => (path === file ? PROBE : plain.readFile(path));
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, PROBE, ts.ScriptTarget.ES2023) : plain.getSourceFile(path, ...rest);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  const typeOf = (name: string): ts.Type =>
    checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name)!);
  const inserts = typeOf('Inserts');
  const propertiesOf = (type: ts.Type): [string, ts.Symbol][] =>
    checker.getPropertiesOfType(type).map((symbol) => [symbol.name, symbol]);
  const tables = propertiesOf(typeOf('Rows')).map(([table, rows]) => {
    const optional = new Set(
      propertiesOf(checker.getTypeOfSymbol(checker.getPropertyOfType(inserts, table)!))
        .filter(([, column]) => column.flags & ts.SymbolFlags.Optional)
        .map(([name]) => name),
    );
    const columns = propertiesOf(checker.getTypeOfSymbol(rows)).map(
      ([name, column]) =>
        [name, { ...describe(checker, checker.getTypeOfSymbol(column)), optional: optional.has(name) }] as const,
    );
    return [table, Object.fromEntries(columns)] as const;
  });
  return Object.fromEntries(tables);
}

function describe(checker: ts.TypeChecker, type: ts.Type): Omit<ColumnShape, 'optional'> {
  const parts = type.isUnion() ? type.types : [type];
  const nullable = parts.some((part) => part.flags & ts.TypeFlags.Null);
  const values = parts.filter((part) => !(part.flags & ts.TypeFlags.Null));
  const words = values.flatMap((part) => (part.isStringLiteral() ? [part.value] : []));
  if (words.length > 0) return { kind: 'string', nullable, words: words.sort() };
  const kinds = new Set(values.map((part) => nameKind(checker, part)));
  return { kind: [...kinds].join(' | '), nullable };
}

function nameKind(checker: ts.TypeChecker, type: ts.Type): string {
  if (type.flags & ts.TypeFlags.BooleanLike) return 'boolean';
  const name = checker.typeToString(type);
  if (name.startsWith('Buffer')) return 'Buffer';
  return name === 'Record<string, unknown>' || name === 'unknown[]' ? 'json' : name;
}
