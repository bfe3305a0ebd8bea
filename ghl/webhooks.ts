import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { z } from 'zod';
import type { SignatureFault } from '../domain/refused-signatures.ts';
import { envelopeSchema, eventSchema, UNUSED_EVENT_TYPES, workflowWebhookSchema } from './webhook-payloads.ts';

export type GhlEvent = z.output<typeof eventSchema>;
type GhlEnvelope = z.output<typeof envelopeSchema>;
export type GhlWorkflowWebhook = z.output<typeof workflowWebhookSchema>;

export type SignatureCheck = { valid: true; reason: 'valid' } | { valid: false; reason: SignatureFault };

export type ParsedGhlEvent =
  /** One of the events this system acts on. */
  | { outcome: 'event'; event: GhlEvent; envelope: GhlEnvelope }
  /** A valid envelope of a type that is not acted on; `isListed` tells whether GHL's catalogue has it. */
  | { outcome: 'other'; envelope: GhlEnvelope; isListed: boolean }
  /** Not an event, or one without what it cannot do without; `fields` are names, never values. */
  | { outcome: 'unreadable'; reason: 'envelope' | 'payload'; envelope: GhlEnvelope | null; fields: string[] };

const ED25519_SIGNATURE_BYTES = 64;
const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/**
 * Reads the public keys of GHL's webhooks out of configuration: one PEM block or several, while GHL changes its key.
 * Throws when there is none or one is not an Ed25519 key.
 */
export function readGhlPublicKeys(pem: string): KeyObject[] {
  // Environment variables often hold line ends as two characters.
  const blocks = pem.replaceAll('\\n', '\n').match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new Error('no PEM public key for GHL webhooks');
  return blocks.map((block) => {
    const key = createPublicKey(block);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('a public key for GHL webhooks is not an Ed25519 key');
    return key;
  });
}

/**
 * Checks `X-GHL-Signature`: Ed25519 over the exact bytes received, base64, by any of the keys. The older RSA header is
 * retired and never asked for; GHL sends the literal `N/A` where it has not signed. What is costly about it is done by
 * another thread, so that several may not end in the order in which they began.
 */
export async function verifyGhlSignature(
  rawBody: Buffer,
  header: string | undefined,
  publicKeys: readonly KeyObject[],
): Promise<SignatureCheck> {
  const value = header?.trim();
  if (!value || value.toUpperCase() === 'N/A') return { valid: false, reason: 'missing' };
  // Buffer.from skips what is not base64, so the text is checked first.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return { valid: false, reason: 'malformed' };
  const signature = Buffer.from(value, 'base64');
  if (signature.length !== ED25519_SIGNATURE_BYTES) return { valid: false, reason: 'wrong-length' };
  if (publicKeys.length === 0) return { valid: false, reason: 'no-key' };
  for (const key of publicKeys) if (await isSignedBy(key, rawBody, signature)) return { valid: true, reason: 'valid' };
  return { valid: false, reason: 'mismatch' };
}

const isSignedBy = (key: KeyObject, rawBody: Buffer, signature: Buffer): Promise<boolean> =>
  new Promise((resolve, reject) => {
    verify(null, rawBody, key, signature, (error, valid) => (error ? reject(error) : resolve(valid)));
  });

/** Reads a delivery's JSON. Fields that are not needed never spoil an event; unknown ones are dropped. */
export function parseGhlEvent(json: unknown): ParsedGhlEvent {
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return unreadable('envelope', null, envelope.error);
  const event = eventSchema.safeParse(json);
  if (event.success) return { outcome: 'event', event: event.data, envelope: envelope.data };
  const { type } = envelope.data;
  if (HANDLED_EVENT_TYPES.has(type)) return unreadable('payload', envelope.data, event.error);
  return { outcome: 'other', envelope: envelope.data, isListed: UNUSED_EVENT_TYPES.has(type) };
}

/** Reads the body of a workflow's unsigned "custom webhook"; undefined when it is no object at all. */
export function parseGhlWorkflowWebhook(json: unknown): GhlWorkflowWebhook | undefined {
  const body = workflowWebhookSchema.safeParse(json);
  return body.success ? body.data : undefined;
}

const HANDLED_EVENT_TYPES: ReadonlySet<string> = new Set(
  eventSchema.options.flatMap((option) => [...option.shape.type.values]),
);

function unreadable(
  reason: 'envelope' | 'payload',
  envelope: GhlEnvelope | null,
  error: z.ZodError<unknown>,
): ParsedGhlEvent {
  const fields = error.issues.map((issue) => issue.path.map(String).join('.'));
  return { outcome: 'unreadable', reason, envelope, fields };
}
