import type { Payload, PayloadCodec } from '@temporalio/common';
import express, { type Request, type RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { UnknownKeyVersionError } from '../crypto/key-ring.ts';
import { isSealedPayload } from '../crypto/payload-codec.ts';
import { UnsealError } from '../crypto/seal.ts';
import { auditOperator } from '../db/operators.ts';
import type { Database } from '../db/schema.ts';
import { withSystemRole } from '../db/scope.ts';
import { readBody } from './input.ts';
import { operatorOf } from './operator-access.ts';
import { ProblemError } from './problem.ts';
import { findWorkflowPlace, subjectOf } from './workflow-place.ts';

interface CodecDeps {
  db: Kysely<Database>;
  codec: PayloadCodec;
}

/** Temporal takes payloads of 2 MiB by default, which are 2.7 MiB in base64; the Web UI sends few at a time. */
export const readCodecBody = express.raw({ limit: 4 * 1024 * 1024, type: () => true, inflate: false });

/** Both alphabets, with or without padding: the JSON form of protobuf messages allows all. */
const base64 = z.string().regex(/^[\w+/-]*={0,2}$/, 'is not base64');
const bodySchema = z.object({
  payloads: z
    .array(z.looseObject({ metadata: z.record(z.string(), base64).nullish(), data: base64.nullish() }))
    .max(1_000)
    .default([]),
});
type JsonPayload = z.infer<typeof bodySchema>['payloads'][number];

const fromJson = ({ metadata, data }: JsonPayload): Payload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
  ),
  data: Buffer.from(data ?? '', 'base64'),
});

const toBase64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)])),
  data: toBase64(data),
});

/**
 * `POST /codec/decode`, by Temporal's codec protocol: opens sealed payloads for the Web UI and the CLI; plain ones come
 * back as they were. Noted in the audit log before anything is opened: who, how many, and where they were read.
 * 422 when a payload was changed, is not ours, or needs a key that is not configured.
 */
export const decodePayloads =
  ({ db, codec }: CodecDeps): RequestHandler =>
  async (req, res) => {
    const payloads = readBody(req, bodySchema).payloads.map((json) => ({ json, payload: fromJson(json) }));
    const sealed = payloads.filter(({ payload }) => isSealedPayload(payload)).length;
    if (sealed > 0) await recordDecryption(db, req, sealed);
    const opened: JsonPayload[] = [];
    for (const [index, { json, payload }] of payloads.entries()) {
      opened.push(isSealedPayload(payload) ? toJson(await open(codec, payload, index)) : json);
    }
    res.set('Cache-Control', 'no-store').json({ payloads: opened });
  };

/**
 * `POST /codec/encode`: seals what an operator sends to a workflow by the Web UI or the CLI: both ask for it before each
 * signal, update or start as soon as a codec is configured, and send nothing without an answer.
 */
export const encodePayloads =
  ({ codec }: Pick<CodecDeps, 'codec'>): RequestHandler =>
  async (req, res) => {
    const sealed = await codec.encode(readBody(req, bodySchema).payloads.map(fromJson));
    res.set('Cache-Control', 'no-store').json({ payloads: sealed.map(toJson) });
  };

async function open(codec: PayloadCodec, payload: Payload, index: number): Promise<Payload> {
  try {
    const [plain] = await codec.decode([payload]);
    return plain!;
  } catch (error) {
    if (error instanceof UnsealError) {
      const message = 'was changed, or was sealed with other keys';
      throw new ProblemError(422, 'payload-not-ours', { issues: [{ path: `payloads.${index}`, message }] });
    }
    if (error instanceof UnknownKeyVersionError) {
      throw new ProblemError(422, 'unknown-key-version', {
        issues: [{ path: `payloads.${index}`, message: error.message }],
      });
    }
    throw error;
  }
}

/** The Web UI's page, which the browser names as the referrer, tells the workflow; both UI and CLI tell the namespace. */
async function recordDecryption(db: Kysely<Database>, req: Request, sealed: number): Promise<void> {
  const { operator, credentialId } = operatorOf(req);
  const { namespace } = findWorkflowPlace(`/namespaces/${encodeURIComponent(req.get('x-namespace') ?? '')}`);
  const place = { ...findWorkflowPlace(req.get('referer') ?? ''), ...(namespace !== undefined && { namespace }) };
  await withSystemRole(db, 'operators', (tx) =>
    auditOperator(tx, {
      actor: `operator:${operator}`,
      action: 'codec.decode',
      subject: subjectOf(place),
      after: { payloads: sealed, credentialId, ...place },
      origin: 'api',
    }),
  );
}
