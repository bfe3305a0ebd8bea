import express, { type Request } from 'express';

/** GHL's own cap is 256 KB. */
const MAX_BODY_BYTES = 262_144;

/**
 * Reads the exact bytes of any body up to 256 KiB; a signature covers nothing else. Compressed bodies are refused (415).
 */
export const readRawBody = express.raw({ limit: MAX_BODY_BYTES, type: () => true, inflate: false });

/** What `readRawBody` read; empty when there was no body. */
export const rawBodyOf = (req: Request): Buffer => (Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0));
