/** How a call to GHL can fail. */
export const GHL_ERROR_CODES = [
  'GhlRateLimited',
  'GhlUnavailable',
  'GhlCircuitOpen',
  'GhlAuthExpired',
  'GhlForbidden',
  'GhlNotFound',
  'GhlInvalid',
  'GhlDuplicateContact',
] as const;
export type GhlErrorCode = (typeof GHL_ERROR_CODES)[number];

export interface GhlErrorFacts {
  operation: string;
  /** Stable and free of personal data, such as `token-scope`; GHL's own wording never gets here. */
  reason: string;
  status?: number | null;
  retryAfterMs?: number | null;
  traceId?: string | null;
}

/** Every failure of a GHL call. Messages name the operation and the reason, never a value of a body. */
export class GhlError extends Error {
  readonly code: GhlErrorCode;
  readonly operation: string;
  readonly reason: string;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly traceId: string | null;

  constructor(code: GhlErrorCode, facts: GhlErrorFacts) {
    super(`${code} in ${facts.operation}: ${facts.reason}`);
    this.name = new.target.name;
    this.code = code;
    this.operation = facts.operation;
    this.reason = facts.reason;
    this.status = facts.status ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.traceId = facts.traceId ?? null;
  }
}

/** GHL's limit or our own share of it is used up; `retryAfterMs` says when to ask again. Nothing was carried out. */
export class GhlRateLimitedError extends GhlError {
  constructor(facts: GhlErrorFacts & { retryAfterMs: number }) {
    super('GhlRateLimited', facts);
  }
}

/** A 5xx, a timeout, a broken connection, or what GHL cannot do yet; time heals it. */
export class GhlUnavailableError extends GhlError {
  /** The request may have been carried out all the same: look before repeating a write. */
  readonly ambiguous: boolean;

  constructor(facts: GhlErrorFacts & { ambiguous: boolean }) {
    super('GhlUnavailable', facts);
    this.ambiguous = facts.ambiguous;
  }
}

/** Not sent, because this endpoint group fails; `retryAfterMs` is the time until it is tried again. */
export class GhlCircuitOpenError extends GhlError {
  constructor(facts: GhlErrorFacts & { retryAfterMs: number }) {
    super('GhlCircuitOpen', facts);
  }
}

/** The authority for this resource is gone or refused after one refresh: somebody has to install or connect again. */
export class GhlAuthExpiredError extends GhlError {
  constructor(facts: GhlErrorFacts) {
    super('GhlAuthExpired', facts);
  }
}

/** A refusal that no other token of ours would change: scope, class, tenant, an inactive or missing install. */
export class GhlForbiddenError extends GhlError {
  constructor(facts: GhlErrorFacts) {
    super('GhlForbidden', facts);
  }
}

export class GhlNotFoundError extends GhlError {
  constructor(facts: GhlErrorFacts) {
    super('GhlNotFound', facts);
  }
}

/** GHL refused the content, or one side's shape is not what the other expects; `fields` names what, without values. */
export class GhlInvalidError extends GhlError {
  readonly fields: readonly string[];

  constructor(facts: GhlErrorFacts & { fields?: readonly string[] }) {
    super('GhlInvalid', facts);
    this.fields = facts.fields ?? [];
  }
}

/** The location allows no duplicates and has this person already, as `contactId`. */
export class GhlDuplicateContactError extends GhlError {
  readonly contactId: string;

  constructor(facts: GhlErrorFacts & { contactId: string }) {
    super('GhlDuplicateContact', facts);
    this.contactId = facts.contactId;
  }
}
