import type { ColumnType, JSONColumnType } from 'kysely';

/** A column the database fills on insert and nobody needs to give. */
export type Timestamp = ColumnType<Date, Date | undefined, Date>;
export type NullableTimestamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
export type Json = JSONColumnType<Record<string, unknown>>;
export type NullableJson = JSONColumnType<Record<string, unknown> | null, string | null | undefined, string | null>;
