import type { IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { Agent, type Dispatcher, request } from 'undici';
import { auditOperator } from '../db/operators.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { describeError } from './error-description.ts';
import { operatorOf } from './operator-access.ts';
import { withoutSessionCookie } from './operator-cookie.ts';
import { WEB_UI_PATH } from './operator-door.ts';
import { ProblemError } from './problem.ts';
import { findWorkflowPlace, subjectOf } from './workflow-place.ts';

export interface WebUi {
  /** Passes a request on to Temporal's Web UI, and its answer back. */
  pass: RequestHandler;
  /** Ends what is in the air, such as the UI's long polls of histories. */
  stop(): Promise<void>;
}

/** Headers of one connection (RFC 9110, 7.6.1), and those that say who asks: the Web UI needs to know neither. */
const NOT_PASSED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
  'cookie',
  'authorization',
  'authorization-extras',
]);

/** The Web UI polls for new events of a history; Temporal answers such a poll within 20 s. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Answers for a Web UI that this process was told nothing of. */
export const reportNoWebUi: RequestHandler = () => {
  const detail = 'There is no Web UI here: set TEMPORAL_UI_URL to the origin of one that is served below /temporal.';
  throw new ProblemError(404, 'no-web-ui', { detail });
};

/**
 * A proxy to the Web UI. It needs streaming both ways and no more (no WebSockets, no rewriting: the UI is served below
 * the same path), which the HTTP client that is here anyway does.
 */
export function createWebUi(options: { db: Kysely<Database>; url: string; logger: Logger }): WebUi {
  const { db, url, logger } = options;
  const stopping = new AbortController();
  const agent = new Agent({ connections: 32, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS });
  return {
    async pass(req, res) {
      // Nothing of the request decides which host is asked, also when it names one.
      const { pathname, search } = new URL(req.originalUrl, url);
      // Dots in a path lead out of it: what else that server has is not for whoever may see the Web UI.
      if (!isBelow(pathname)) throw new ProblemError(404, 'no-such-route');
      if (changesSomething(req.method, pathname)) await recordChange(db, req, pathname);
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, stopping.signal]);
      const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
      try {
        const ask = (path: string) =>
          request(new URL(`${path}${search}`, url), {
            dispatcher: agent,
            method: req.method as 'GET',
            headers: requestHeaders(req.headers),
            body: hasBody ? req : null,
            signal,
          });
        let answer = await ask(pathname);
        if (req.method === 'GET' && pathname === RENDER_PATH && isAppPage(answer)) {
          await answer.body.dump();
          answer = await ask(`${WEB_UI_PATH}${RENDER_PATH}`);
        }
        res.status(answer.statusCode).set(answerHeaders(answer));
        await pipeline(answer.body, res, { signal });
      } catch (error) {
        giveUp(res, error);
      }
    },
    async stop() {
      stopping.abort();
      await agent.destroy();
    },
  };

  function giveUp(res: Response, error: unknown): void {
    if (res.destroyed) return;
    const isStopping = stopping.signal.aborted;
    if (!isStopping) logger.warn({ error: describeError(error) }, 'the Web UI did not answer');
    if (res.headersSent) res.destroy();
    else if (isStopping) throw new ProblemError(429, 'draining', { retryAfterSeconds: 5 });
    else throw new ProblemError(503, 'web-ui-unavailable', { retryAfterSeconds: 5 });
  }
}

/** What the Web UI shows of summaries and details is drawn here, each in a frame. */
const RENDER_PATH = `${WEB_UI_PATH}/render`;

/**
 * The page of the Web UI itself: other than what is drawn for a frame it brings no policy. Served below a path, the Web
 * UI (2.54) answers with it at RENDER_PATH too, and draws only where that path stands twice.
 */
const isAppPage = ({ headers }: Dispatcher.ResponseData): boolean =>
  String(headers['content-type']).startsWith('text/html') && headers['content-security-policy'] === undefined;

/**
 * The Web UI leaves its policy out when it is served below a path. What it shows is decrypted in the browser: nothing of
 * that leaves for another origin, and no other page frames it. Its own script stands in the page, hence unsafe-inline.
 */
const APP_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "manifest-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

function answerHeaders(answer: Dispatcher.ResponseData): Record<string, string | string[]> {
  const passed = Object.entries(answer.headers).flatMap(([name, value]) =>
    value === undefined || NOT_PASSED.has(name) ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(passed), ...(isAppPage(answer) && { 'content-security-policy': APP_POLICY }) };
}

function requestHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const passed = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || NOT_PASSED.has(name) || name.startsWith('x-forwarded-') ? [] : [[name, value] as const],
  );
  const cookie = withoutSessionCookie(headers.cookie);
  return { ...Object.fromEntries(passed), ...(cookie !== undefined && { cookie }) };
}

/** A step upwards behind a slash that is spelt otherwise, which the URL parser leaves and a server may resolve. */
const HIDDEN_STEP_UP = /(?:\/|%2f|%5c)(?:\.|%2e){2}(?:\/|%2f|%5c|;|$)/;

/** Express matches the path in any case. */
function isBelow(pathname: string): boolean {
  const path = pathname.toLowerCase();
  return `${path}/`.startsWith(`${WEB_UI_PATH}/`) && !HIDDEN_STEP_UP.test(path);
}

/** A query of a workflow is sent by POST and only reads. */
const changesSomething = (method: string, path: string): boolean =>
  !['GET', 'HEAD'].includes(method) && !/\/workflows\/[^/]+\/query\/[^/]*$/.test(path);

async function recordChange(db: Kysely<Database>, req: Request, path: string): Promise<void> {
  const { operator, credentialId } = operatorOf(req);
  const place = findWorkflowPlace(path);
  await withSystemRole(db, 'operators', (tx) =>
    auditOperator(tx, {
      actor: `operator:${operator}`,
      action: 'web-ui.change',
      subject: subjectOf(place),
      // What was done is the path's last word or two, such as signal/reassignLead or terminate.
      after: { method: req.method, path: path.slice(0, 500), credentialId },
      origin: 'api',
    }),
  );
}
