import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEAD_LETTER_KINDS, headOf, judgeRedrive, REDRIVABLE_HEADS } from '../../domain/dead-letter.ts';

const agencyId = '01890a5d-ac96-774b-bcce-b302099a8057';
const some = '01890a5d-ac96-774b-bcce-b302099a8058';

/** Each kind that is written anywhere, with a cause and a subject as its writer gives them. */
const CASES: [cause: string, kind: string, id: string, expected: string][] = [
  ['unparseable:payload', 'event', some, 'read-event'],
  ['unknown-tenant', 'ghl-account', 'ghl-1', 'not add-the-account'],
  ['handover:ZodError', 'event', some, 'inbox'],
  ['stuck', 'lead', some, 'lead'],
  ['unroutable:LeadEventGone', 'lead', some, 'lead'],
  ['step:reassign:GhlInvalid', 'lead', some, 'not ask-again'],
  [`placement:GhlForbidden:${some}`, 'lead', some, 'not reassign'],
  [`untold:GhlInvalid:${some}`, 'lead', some, 'not tell-by-hand'],
  ['event:AccountEventGone', 'event', some, 'account-event'],
  ['event:AccountEventMalformed', 'event', 'unknown', 'not not-named'],
  ['reread:GhlForbidden', 'event', some, 'account-event'],
  ['install:GhlForbidden', 'location', some, 'install-event'],
  ['needs-reauth:invalid_grant', 'install', some, 'not connect-again'],
  ['rotation:Postgres42501', 'credential', some, 'not bring-it-again'],
  ['connect:NothingExchanged', 'connect-link', some, 'not make-another-link'],
  ['read:GhlInvalid', 'record', 'note:ghl-1', 'read-record'],
  ['read:ContactChangeMalformed', 'record', 'none', 'not not-named'],
  ['read:GhlInvalid', 'record', `note:${'x'.repeat(95)}`, 'not not-named'],
  ['read-refused:contact:GhlForbidden', 'location', some, 'not connect-again'],
  ['edit:GhlInvalid', 'contact', some, 'contact-edits'],
  ['edit:contact-gone', 'contact', some, 'not contact-gone'],
  ['merge:GhlInvalid', 'contact-merge', some, 'contact-merge'],
  ['field-drift:gone', 'field-mapping', `${some}/colour`, 'check-fields'],
  ['poll:GhlForbidden', 'poll-pass', `${some}:contact:delta`, 'poll-pass'],
  ['part:GhlForbidden', 'backfill', `${some}/contact`, 'backfill'],
  ['notice:MailRefused', 'notice-delivery', some, 'notice'],
  ['webhook-endpoint:gone', 'webhook-endpoint', some, 'not mend-the-endpoint'],
  ['workflow-task-failing:NonDeterministicError', 'workflow', 'poll-sync/x', 'not mend-the-code'],
  ['running-long', 'workflow', 'poll-sync/x', 'not look-at-it'],
  ['what-another-version-wrote:x', 'lead', some, 'not not-named'],
  ['stuck', 'contact', some, 'not not-named'],
];

describe('judgeRedrive', () => {
  it.each(CASES)('%s about a %s (%s): %s', (cause, kind, id, expected) => {
    const judged = judgeRedrive({ agencyId, cause, subject: { kind, id } });
    expect(judged.isRedrivable ? judged.way : `not ${judged.why}`).toBe(expected);
    expect(judged.reason).not.toBe('');
  });

  it('has a case here for every kind', () => {
    const heads = new Set(CASES.flatMap(([cause]) => headOf(cause) ?? []));
    expect(Object.keys(DEAD_LETTER_KINDS).filter((head) => !heads.has(head as never))).toEqual([]);
  });

  it('redrives nothing of which no agency is known', () => {
    const judged = judgeRedrive({ agencyId: null, cause: 'stuck', subject: { kind: 'lead', id: some } });
    expect(judged).toMatchObject({ isRedrivable: false, why: 'no-agency' });
  });

  it('names those that can be redriven as the cases have them', () => {
    const redriven = CASES.filter(([, , , expected]) => !expected.startsWith('not '));
    expect([...REDRIVABLE_HEADS].sort()).toEqual([...new Set(redriven.map(([cause]) => headOf(cause)!))].sort());
  });
});

describe('the kinds of dead letters', () => {
  it('all have a writer', () => {
    const folders = ['activities', 'api', 'db', 'domain'];
    const sources = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name !== 'dead-letter.ts')
        .map((name) => (name.endsWith('.ts') ? readFileSync(`${folder}/${name}`, 'utf8') : '')),
    );
    const isWritten = (head: string): boolean =>
      sources.some((text) => text.includes(`'${head}'`) || text.includes(`${head}:\${`) || text.includes(`'${head}:'`));
    expect(Object.keys(DEAD_LETTER_KINDS).filter((head) => !isWritten(head))).toEqual([]);
  });
});

describe('the decision about dead letters', () => {
  it('tells of every kind of letter how it goes on', () => {
    const text = readFileSync(new URL('../../docs/decisions/0017-dead-letters.md', import.meta.url), 'utf8');
    const told = [...text.matchAll(/^\| (`.*`) +\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, cause]) => headOf(cause!)),
    );
    expect(new Set(told)).toEqual(new Set(Object.keys(DEAD_LETTER_KINDS)));
  });
});
