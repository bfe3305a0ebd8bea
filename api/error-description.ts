/**
 * What may be logged of an error: its name, code and where it happened. Messages and details of Postgres repeat values,
 * and values can be personal data, so only errors that are not Postgres's keep their message.
 */
export function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error ? String(error.code) : undefined;
  const isFromPostgres = 'severity' in error;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return {
    name: error.name,
    ...(code !== undefined && { code }),
    ...(!isFromPostgres && { message: error.message }),
    at: frames.slice(0, 6).join('\n'),
  };
}
