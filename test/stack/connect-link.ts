import { v7 as uuidv7 } from 'uuid';
import { seal } from '../../crypto/seal.ts';
import { addConnectLink, connectSecretOf, keepCode, openConnectLink } from '../../db/connect-links.ts';
import { withScope } from '../../db/scope.ts';
import type { TestSystem } from './system.ts';

/** A connect link that was opened and came back from GHL with a code. */
export async function bringCode(
  { database, keys }: Pick<TestSystem, 'database' | 'keys'>,
  agencyId: string,
  code: string,
): Promise<{ agencyId: string; linkId: string }> {
  const linkId = uuidv7();
  await withScope(database.db, { agencyId }, async (tx) => {
    const expiresAt = new Date(Date.now() + 60_000);
    const hash = Buffer.from(`link ${linkId}`);
    const act = { actor: 'test', origin: 'test' };
    await addConnectLink(tx, { id: linkId, agencyId, purpose: 'locations', hash, expiresAt }, act);
    await openConnectLink(tx, linkId, Buffer.from(`state ${linkId}`));
    const kept = JSON.stringify({ code, redirectUri: 'https://switchyard.example/oauth/ghl/callback' });
    await keepCode(tx, linkId, seal(keys, Buffer.from(kept), connectSecretOf(agencyId, 'code')), 60_000);
  });
  return { agencyId, linkId };
}

/** Where a page of ours leads on to. @throws Error when it leads nowhere */
export function onwardOf(html: string): URL {
  const [, address] = /<a href="([^"]+)">/.exec(html) ?? [];
  if (address === undefined) throw new Error('the page leads nowhere');
  return new URL(address.replaceAll('&amp;', '&'));
}
