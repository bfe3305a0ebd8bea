import type { CallContext, CallRequest, GhlCalls } from './calls.ts';
import type { BudgetGrant, BudgetObservation } from '../domain/ghl-budget.ts';
import { NOTHING_OBSERVED } from '../domain/ghl-budget.ts';
import { waitForBudget } from './budget.ts';
import type { BudgetStore } from './budget.ts';
import { createBreakers, DEFAULT_BREAKER } from './breaker.ts';
import type { BreakerOptions, Breakers, BreakerStore } from './breaker.ts';
import { toGhlError } from './error-mapping.ts';
import {
  GHL_ERROR_CODES,
  GhlAuthExpiredError,
  GhlError,
  GhlForbiddenError,
  GhlInvalidError,
  GhlUnavailableError,
} from './errors.ts';
import { silentLog } from './log.ts';
import type { GhlLog } from './log.ts';
import { appIdOf, mintLocationToken, refreshGrant } from './oauth.ts';
import { operations } from './operations.ts';
import type { EndpointGroup, GhlOperation, OperationName, OperationResult } from './operations.ts';
import { readRateHeaders } from './rate-headers.ts';
import { createTokenSource } from './token-source.ts';
import type { TokenStore } from './tokens.ts';
import { createTransport } from './transport.ts';
import type { GhlAnswer } from './transport.ts';

/** How a call can end. */
export const CALL_OUTCOMES = ['ok', ...GHL_ERROR_CODES, 'stopped'] as const;

/** One finished call, for metrics: which operation, how it ended and how long it took, waiting included. */
export interface CallRecord {
  operation: OperationName;
  group: EndpointGroup;
  lane: CallContext['lane'] | null;
  /** GHL's location that it was about; null for a company, and for tokens. */
  ghlLocationId: string | null;
  outcome: (typeof CALL_OUTCOMES)[number];
  /** What GHL answered last; null where it did not. */
  status: number | null;
  durationMs: number;
}

/** Filled in while a call runs. */
type Heard = Pick<CallRecord, 'status'>;

export interface AppCredentials {
  clientId: string;
  clientSecret: string;
}

export interface GatewayOptions {
  baseUrl: string;
  /** The OAuth credentials of the app for sub-accounts; null where only private integration tokens are used. */
  app: AppCredentials | null;
  /** Those of the app for agencies, which makes new locations. */
  provisioningApp?: AppCredentials | null;
  tokens: TokenStore;
  budget: BudgetStore;
  breakers: BreakerStore;
  log?: GhlLog;
  onCall?: (record: CallRecord) => void;
  now?: () => Date;
  /** Replaces the timeout of named operations. */
  timeoutsMs?: Partial<Record<OperationName, number>>;
  breaker?: Partial<BreakerOptions>;
  /** For each group of endpoints. */
  maxConnections?: number;
  /** The longest wait for budget inside a call; a longer one becomes GhlRateLimitedError. */
  maxBudgetWaitMs?: number;
  /** How long a token is used without its install being read again: so long one of this process outlives an uninstall elsewhere. */
  installRememberedMs?: number;
}

/** The steps of a lead follow each other within this time. */
const INSTALL_REMEMBERED_MS = 3_000;

export interface GhlGateway extends GhlCalls {
  breakerStates: Breakers['states'];
  close(): Promise<void>;
}

/**
 * The one way to GHL. Under each call, in this order: install, access token, budget, breaker, request with a timeout,
 * check of the answer, typed error. The breaker is looked at once more before all that, so that an open circuit costs
 * neither a refresh nor budget. There is no retry here but one: after a refresh, for a token that had expired.
 */
export function createGhlGateway(options: GatewayOptions): GhlGateway {
  const { log = silentLog, now = () => new Date(), maxBudgetWaitMs = 2_000 } = options;
  const rememberedMs = options.installRememberedMs ?? INSTALL_REMEMBERED_MS;
  const transport = createTransport({ baseUrl: options.baseUrl, maxConnections: options.maxConnections ?? 50 });
  const breakers = createBreakers(options.breakers, { ...DEFAULT_BREAKER, ...options.breaker }, log);
  const unsettled = new Set<Promise<void>>();
  const gateway: GhlGateway = {
    call: (name, request) => measured(name, request, (heard) => callWithToken(name, request, heard)),
    requestToken: (fields, of = {}) => measured('requestToken', null, (heard) => requestToken(fields, of, heard)),
    appIds: { locations: idOf(options.app), provisioning: idOf(options.provisioningApp) },
    breakerStates: () => breakers.states(),
    async close() {
      breakers.close();
      await transport.close();
      await Promise.all(unsettled);
    },
  };
  const tokens = createTokenSource({
    store: options.tokens,
    refresh: (refreshToken, of) => refreshGrant(gateway, refreshToken, of, now()),
    mint: ({ agencyId, ghlCompanyId, ghlLocationId }, lane) => {
      const resource = { kind: 'company', agencyId, ghlCompanyId } as const;
      return mintLocationToken(gateway, { resource, lane }, ghlLocationId, now());
    },
    log,
    now,
    rememberedMs,
  });

  async function callWithToken<Name extends OperationName>(
    name: Name,
    request: CallRequest,
    heard: Heard,
  ): Promise<OperationResult<Name>> {
    const operation = operationOf(name);
    const body = checkBody(name, operation, request.body);
    await breakers.assertClosed(name, operation.group);
    const wanted = { resource: request.resource, operation: name, lane: request.lane };
    const send = async (accessToken: string) => {
      const grant = await waitForBudget(options.budget, { ...request, operation: name, maxWaitMs: maxBudgetWaitMs });
      const { path, query, signal } = request;
      const outgoing = { accessToken, path, query, body, signal };
      let observation = NOTHING_OBSERVED;
      try {
        const answer = await breakers.run(name, operation.group, () => transport.send(name, operation, outgoing));
        heard.status = answer.status;
        observation = readRateHeaders(answer.headers, answer.status, now().getTime());
        return { answer, pauseMs: observation.pauseMs };
      } finally {
        await settle(request, grant, observation);
      }
    };

    if (request.trialToken !== undefined) {
      const tried = await send(request.trialToken);
      if (isRefusal(tried.answer)) throw toGhlError(name, tried.answer, tried.pauseMs);
      return checkAnswer(name, tried.answer);
    }
    const accessToken = await tokens.getToken(wanted);
    let { answer, pauseMs } = await send(accessToken);
    if (isRefusal(answer)) {
      const refusal = toGhlError(name, answer, pauseMs);
      if (!(refusal instanceof GhlAuthExpiredError)) throw refusal;
      ({ answer, pauseMs } = await send(await tokens.getToken({ ...wanted, refusedToken: accessToken })));
      if (isRefusal(answer)) throw toGhlError(name, answer, pauseMs);
    }
    return checkAnswer(name, answer);
  }

  async function requestToken(
    fields: Record<string, unknown>,
    { purpose, signal }: NonNullable<Parameters<GhlCalls['requestToken']>[1]>,
    heard: Heard,
  ): Promise<OperationResult<'requestToken'>> {
    const name = 'requestToken';
    const app = purpose === 'provisioning' ? options.provisioningApp : options.app;
    if (!app) throw new GhlForbiddenError({ operation: name, reason: 'no-app' });
    const operation = operationOf(name);
    const client = { client_id: app.clientId, client_secret: app.clientSecret };
    const body = checkBody(name, operation, { ...fields, ...client });
    const outgoing = { accessToken: null, body, signal };
    const answer = await breakers.run(name, operation.group, () => transport.send(name, operation, outgoing));
    heard.status = answer.status;
    const { pauseMs } = readRateHeaders(answer.headers, answer.status, now().getTime());
    if (isRefusal(answer)) throw toGhlError(name, answer, pauseMs);
    return checkAnswer(name, answer);
  }

  /**
   * Tells the budget that a call is over and what its headers say; what is no news is stored in a moment, and nobody waits
   * for it. A store that fails must not undo what was done: the request counts from its grant then.
   */
  async function settle(request: CallRequest, grant: BudgetGrant, observation: BudgetObservation): Promise<void> {
    const { isNews, stored } = options.budget.settle(request.resource, grant, observation);
    const settled = stored
      .catch((error: unknown) =>
        log.warn({ errorName: error instanceof Error ? error.name : 'unknown' }, 'GHL budget not corrected'),
      )
      .finally(() => unsettled.delete(settled));
    unsettled.add(settled);
    if (isNews) await settled;
  }

  async function measured<T>(
    name: OperationName,
    request: Pick<CallRequest, 'lane' | 'resource'> | null,
    work: (heard: Heard) => Promise<T>,
  ): Promise<T> {
    const startedMs = performance.now();
    const heard: Heard = { status: null };
    const about = {
      operation: name,
      group: operations[name].group,
      lane: request?.lane ?? null,
      ghlLocationId: request?.resource.kind === 'location' ? request.resource.ghlLocationId : null,
    };
    const report = (outcome: CallRecord['outcome']) =>
      options.onCall?.({ ...about, ...heard, outcome, durationMs: performance.now() - startedMs });
    try {
      const result = await work(heard);
      report('ok');
      return result;
    } catch (error) {
      if (error instanceof GhlError) heard.status = error.status ?? heard.status;
      report(error instanceof GhlError ? error.code : 'stopped');
      throw error;
    }
  }

  function operationOf(name: OperationName): GhlOperation {
    const operation: GhlOperation = operations[name];
    return { ...operation, timeoutMs: options.timeoutsMs?.[name] ?? operation.timeoutMs };
  }

  return gateway;
}

const idOf = (app: AppCredentials | null | undefined): string | null => (app ? appIdOf(app.clientId) : null);

function isRefusal(answer: GhlAnswer): boolean {
  return answer.status < 200 || answer.status >= 300;
}

/** Lets only the properties through that the operation names. Raises GhlInvalidError with their names, not values. */
function checkBody(
  name: OperationName,
  operation: GhlOperation,
  body: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  if (!operation.body) return undefined;
  const parsed = operation.body.safeParse(body);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  throw new GhlInvalidError({ operation: name, reason: 'request-shape', fields: issuePaths(parsed.error.issues) });
}

/** A success that cannot be read: what is not JSON came from something before GHL, the rest is a change of its API. */
function checkAnswer<Name extends OperationName>(name: Name, answer: GhlAnswer): OperationResult<Name> {
  const operation: GhlOperation = operations[name];
  const { status } = answer;
  if (answer.body === undefined) {
    const ambiguous = operation.effect === 'write';
    throw new GhlUnavailableError({ operation: name, reason: 'not-json', status, ambiguous });
  }
  const parsed = operation.response.safeParse(answer.body);
  if (parsed.success) return parsed.data as OperationResult<Name>;
  const fields = issuePaths(parsed.error.issues);
  throw new GhlInvalidError({ operation: name, reason: 'response-shape', status, fields });
}

function issuePaths(issues: readonly { path: readonly PropertyKey[] }[]): string[] {
  return issues.map((issue) => issue.path.map(String).join('.'));
}
