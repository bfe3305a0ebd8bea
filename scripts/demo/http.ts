import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

/** The API answered otherwise than it has to. */
class DemoRequestError extends Error {
  readonly code = 'DemoRequest';
  constructor(path: string, status: number, problem: string | undefined) {
    super(`POST ${path} answered ${status}${problem === undefined ? '' : ` (${problem})`}`);
    this.name = 'DemoRequestError';
  }
}

/** What the demonstration reads of an answer: a lead's id, or a problem's code. */
const answerSchema = z.looseObject({ id: z.string().optional(), code: z.string().optional() });

const TRIES = 5;
const LONGEST_WAIT_MS = 5_000;

/**
 * Posts JSON; 429 and 503 mean "later" and are repeated as the answer says, a few times.
 * @throws DemoRequestError for a status that is not among `accepts`
 */
export async function postJson(
  url: string,
  request: { body: unknown; headers: Record<string, string>; accepts: readonly number[] },
): Promise<{ status: number; id?: string | undefined; code?: string | undefined }> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...request.headers },
      body: JSON.stringify(request.body),
      signal: AbortSignal.timeout(15_000),
    });
    const { status } = response;
    const answer = answerSchema.safeParse(await response.json().catch(() => undefined)).data;
    if (request.accepts.includes(status)) return { status, id: answer?.id, code: answer?.code };
    if ((status !== 429 && status !== 503) || attempt >= TRIES) {
      throw new DemoRequestError(new URL(url).pathname, status, answer?.code);
    }
    const askedMs = Number(response.headers.get('retry-after')) * 1000 || 500;
    await delay(Math.min(askedMs, LONGEST_WAIT_MS));
  }
}
