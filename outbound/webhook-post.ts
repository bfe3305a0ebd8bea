import { type Agent, request } from 'undici';
import type { Answer } from '../domain/webhook-attempt.ts';
import { AddressRefusedError } from './guarded-lookup.ts';
import { createGuardedAgent, type GuardOptions } from './guarded-agent.ts';
import { type Signed, signatureHeaders } from './signature.ts';

export interface WebhookPost {
  url: string;
  message: Signed;
  signal?: AbortSignal | undefined;
}

export interface WebhookSender {
  /** Sends once. What comes back is an answer or why there is none; it follows no redirect. @throws the signal's reason */
  post(post: WebhookPost): Promise<Answer>;
  close(): Promise<void>;
}

/** From the lookup to the headers of the answer. */
const OVERALL_MS = 15_000;
const CONNECT_MS = 8_000;
/** What an answer says beyond its status interests nobody; a little is read, so that the connection can be used again. */
const BODY_BYTES = 4 * 1024;

/** The one way by which webhooks leave. @param options.timeoutMs overall */
export function createWebhookSender(
  options: Omit<GuardOptions, 'connectTimeoutMs'> & { timeoutMs?: number },
): WebhookSender {
  const { timeoutMs = OVERALL_MS, ...guard } = options;
  const agent = createGuardedAgent({ ...guard, connectTimeoutMs: Math.min(CONNECT_MS, timeoutMs) });
  return {
    post: (post) => postOnce(agent, timeoutMs, post),
    close: () => agent.destroy(),
  };
}

async function postOnce(agent: Agent, timeoutMs: number, { url, message, signal }: WebhookPost): Promise<Answer> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      dispatcher: agent,
      signal: either,
      headers: {
        'content-type': 'application/json',
        accept: '*/*',
        'user-agent': 'Switchyard-Webhooks/1',
        ...signatureHeaders(message),
      },
      body: message.body,
    });
    // The status has decided; a body that does not end must not decide again.
    await body.dump({ limit: BODY_BYTES, signal: either }).catch(() => undefined);
    const retryAfter = headers['retry-after'];
    return { status: statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : null };
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) return { failure: 'timeout' };
    return { failure: failureOf(error) };
  }
}

type Failure = Extract<Answer, { failure: unknown }>['failure'];

const BY_CODE: Record<string, Failure> = {
  'address-refused': 'address-refused',
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unanswered',
  ESERVFAIL: 'name-unanswered',
  ETIMEOUT: 'name-unanswered',
  ECONNREFUSED: 'not-connected',
  EHOSTUNREACH: 'not-connected',
  ENETUNREACH: 'not-connected',
  ETIMEDOUT: 'not-connected',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
};
/** What Node and OpenSSL say of certificates and handshakes. */
const TLS = /^(ERR_(TLS|SSL)_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/;

/** A stable code without the words of the error, which can quote names and addresses. */
function failureOf(error: unknown): Failure {
  if (error instanceof AddressRefusedError) return 'address-refused';
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : '';
  return BY_CODE[code] ?? (TLS.test(code) ? 'tls' : 'broken-off');
}
