import type { Random } from '../random.ts';
import type { WebhookSettings } from './settings.ts';
import type { Signer } from './signer.ts';

/** Returns the signature headers of one attempt, good or bad as the settings ask for. */
export function signatureHeaders(
  body: Buffer,
  settings: WebhookSettings,
  signer: Signer,
  random: Random,
): Record<string, string> {
  const legacy = settings.legacySignature === 'none' ? {} : { 'x-wh-signature': signer.signLegacy(body) };
  const current = settings.legacySignature === 'alone' ? undefined : currentSignature(body, settings, signer, random);
  return { ...legacy, ...(current === undefined ? {} : { 'X-GHL-Signature': current }) };
}

function currentSignature(body: Buffer, settings: WebhookSettings, signer: Signer, random: Random): string | undefined {
  switch (settings.signature) {
    case 'valid':
      return signer.sign(body, keyFor(settings, random));
    case 'wrong':
      return signer.signWrongly(body);
    case 'na':
      return 'N/A';
    case 'missing':
      return undefined;
  }
}

function keyFor({ signingKey }: WebhookSettings, random: Random): 'newest' | 'previous' {
  if (signingKey !== 'either') return signingKey;
  return random.chance('signing') < 0.5 ? 'newest' : 'previous';
}
