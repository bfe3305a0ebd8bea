import { randomBytes } from 'node:crypto';

/** Standard Webhooks wants 24 to 64 bytes. */
const BYTES = 32;

/** Makes a secret by which webhooks are signed, in the form that the libraries of Standard Webhooks take. */
export const createWebhookSecret = (): string => `whsec_${randomBytes(BYTES).toString('base64')}`;
