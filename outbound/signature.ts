import { Webhook } from 'standardwebhooks';

/** A message that is sent: the same bytes are signed and posted. */
export interface Signed {
  /** Stays the same over all attempts. */
  id: string;
  /** Of this attempt. */
  at: Date;
  body: string;
  /** `whsec_…`, the newest first; more than one while secrets change. */
  secrets: readonly [string, ...string[]];
}

/** The three headers of Standard Webhooks: one signature for each secret, separated by a space. */
export const signatureHeaders = ({ id, at, body, secrets }: Signed): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
});
