import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inner, one, startHarness } from './harness.ts';
import type { Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  await harness.control.seed({
    contacts: [{ id: 'ann', locationId: one, phone: '+15550001111' }],
    conversations: [{ id: 'thread', locationId: one, contactId: 'ann' }],
  });
});
afterAll(() => harness.simulator.close());

const place = { conversationId: 'thread', contactId: 'ann', locationId: one };

async function upload(
  texts: Record<string, string>,
  files: [key: string, name: string, bytes: number][],
  token = 'location-1-token',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const form = new FormData();
  for (const [key, text] of Object.entries(texts)) form.append(key, text);
  for (const [key, name, bytes] of files) form.append(key, new Blob(['x'.repeat(bytes)]), name);
  const headers = { authorization: `Bearer ${token}`, version: '2021-04-15' };
  const answer = await fetch(`${harness.simulator.url}/conversations/messages/upload`, {
    method: 'POST',
    headers,
    body: form,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('files for messages', () => {
  it('get an address each, which a message takes as an attachment', async () => {
    const answer = await upload(place, [
      ['fileAttachment', 'offer.pdf', 10],
      ['fileAttachment', 'roof.PNG', 20],
    ]);
    expect(answer.status).toBe(200);
    const files = inner(answer.body, 'uploadedFiles');
    expect(Object.keys(files)).toEqual(['offer.pdf', 'roof.PNG']);
    const attachments = Object.values(files);
    expect(attachments[0]).toMatch(new RegExp(`^https://.*/${one}/.*\\.pdf$`));
    const body = { type: 'SMS', contactId: 'ann', attachments };
    const sent = await harness.ask('POST', '/conversations/messages', { body });
    const kept = await harness.ask('GET', `/conversations/messages/${String(sent.body['messageId'])}`);
    expect(kept.body['attachments']).toEqual(attachments);
  });

  it('may be named by their addresses instead', async () => {
    const answer = await upload({ ...place, attachmentUrls: 'https://x.test/a.png' }, []);
    expect(answer.body['uploadedFiles']).toEqual({ 'a.png': 'https://x.test/a.png' });
  });

  it.each<[string, [string, string, number][], number]>([
    ['nothing to upload', [], 400],
    ['a file under another key', [['file', 'a.png', 1]], 400],
    ['a type that is not taken', [['fileAttachment', 'a.exe', 1]], 415],
    ['a file that is too large', [['fileAttachment', 'a.zip', 26 * 1024 * 1024]], 413],
  ])('are refused for %s', async (_case, files, status) => {
    expect((await upload(place, files)).status).toBe(status);
  });

  it('are refused to another location, and without their place', async () => {
    expect((await upload(place, [['fileAttachment', 'a.png', 1]], 'location-2-token')).status).toBe(403);
    const lost = await upload({ locationId: one, colour: 'red' }, [['fileAttachment', 'a.png', 1]]);
    expect(lost.status).toBe(422);
    expect(lost.body['message']).toEqual([
      'conversationId must be a string',
      'contactId must be a string',
      'property colour should not exist',
    ]);
  });
});
