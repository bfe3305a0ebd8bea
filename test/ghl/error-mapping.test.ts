import { describe, expect, it } from 'vitest';
import { toGhlError } from '../../ghl/error-mapping.ts';
import { GhlDuplicateContactError, GhlInvalidError } from '../../ghl/errors.ts';
import type { OperationName } from '../../ghl/operations.ts';

const map = (status: number, body: unknown, operation: OperationName = 'getContact') =>
  toGhlError(operation, { status, headers: {}, body }, null);

describe('a refusal of GHL', () => {
  it.each([
    [401, 'Invalid JWT', 'GhlAuthExpired', 'token-refused'],
    [401, 'Invalid token: access token is invalid', 'GhlAuthExpired', 'token-refused'],
    [401, 'The token is not authorized for this scope.', 'GhlForbidden', 'token-scope'],
    [401, "Token's user type mismatch!", 'GhlForbidden', 'token-class'],
    [401, 'This authClass type is not allowed to access this scope.', 'GhlForbidden', 'token-class'],
    [401, 'version header was not found.', 'GhlInvalid', 'version-header'],
    [401, 'IAM says no', 'GhlForbidden', 'refused'],
    [403, 'The token does not have access to this location.', 'GhlForbidden', 'wrong-tenant'],
    [403, 'Something else', 'GhlForbidden', 'refused'],
    [404, 'Cannot GET /contact/x', 'GhlNotFound', 'unknown-route'],
    [404, 'User not found', 'GhlNotFound', 'not-found'],
    [400, 'Contact with id abc not found', 'GhlNotFound', 'not-found'],
    [400, 'Location or agency is inactive', 'GhlForbidden', 'location-inactive'],
    [400, 'Bad Request', 'GhlInvalid', 'bad-request'],
    [400, 'Cannot send message as DND is active for SMS.', 'GhlForbidden', 'dnd'],
    [400, 'Cannot send message as DND is active', 'GhlForbidden', 'dnd'],
    [400, 'Cannot send message as +14155550100 has unsubscribed', 'GhlForbidden', 'unsubscribed'],
    [400, 'Missing phone number', 'GhlInvalid', 'missing-phone'],
    [400, 'You have exceeded your SMS sending limit.', 'GhlForbidden', 'sms-limit'],
    [
      400,
      'Only 2 locations are allowed for this company, as this is a sandbox agency.',
      'GhlForbidden',
      'location-limit',
    ],
    [403, 'Creating locations is only available on the Agency Pro ($497) plan.', 'GhlForbidden', 'plan'],
    [403, 'The token does not have access to this company.', 'GhlForbidden', 'wrong-tenant'],
    [403, 'No conversation provider found for this message', 'GhlUnavailable', 'provider-not-ready'],
    [401, 'No conversation provider found for this message', 'GhlUnavailable', 'provider-not-ready'],
    [409, 'Conversation already exists', 'GhlInvalid', 'conversation-exists'],
    [429, 'You have exceeded your SMS sending limit.', 'GhlRateLimited', 'limit'],
    [429, 'Too Many Requests', 'GhlRateLimited', 'limit'],
    [302, '', 'GhlInvalid', 'status-302'],
  ] as const)('with %i "%s" is %s (%s)', (status, message, code, reason) => {
    expect(map(status, { statusCode: status, message })).toMatchObject({ code, reason, status });
  });

  it.each([
    [400, { error: 'invalid_grant' }, 'GhlAuthExpired', 'grant-refused'],
    [401, { error: 'UnAuthorized!', error_description: 'not found' }, 'GhlAuthExpired', 'grant-refused'],
    [401, { error: 'invalid_client' }, 'GhlForbidden', 'app-credentials'],
    [400, { message: 'Location is not active' }, 'GhlForbidden', 'location-inactive'],
    [400, { message: ['refresh_token must be a string'] }, 'GhlInvalid', 'bad-request'],
  ] as const)('of a refresh with %i %j is %s (%s)', (status, body, code, reason) => {
    expect(map(status, body, 'requestToken')).toMatchObject({ code, reason });
  });

  it.each([
    ['of HTML', undefined, 'getContact', false],
    ['of nothing', {}, 'getContact', false],
    ['of another shape', { message: '', error: 'Not Found' }, 'getContact', false],
    ['of HTML to a write', undefined, 'updateContact', true],
  ] as const)('with 404 and a body %s comes from something before GHL', (_what, body, operation, ambiguous) => {
    expect(map(404, body, operation)).toMatchObject({ code: 'GhlUnavailable', reason: 'not-json', ambiguous });
  });

  it('with 404 in the envelope of newer endpoints tells that something is not there', () => {
    const error = { code: 'RESOURCE_NOT_FOUND', message: "The requested App 'x' was not found." };
    expect(map(404, { error })).toMatchObject({ code: 'GhlNotFound', reason: 'not-found' });
  });

  it('of a duplicate carries the id of the contact that is there', () => {
    const error = map(400, {
      message: 'This location does not allow duplicated contacts.',
      meta: { contactId: 'c9', contactName: 'Ann Example', matchingField: 'email' },
      traceId: 't1',
    });
    expect(error).toBeInstanceOf(GhlDuplicateContactError);
    expect(error).toMatchObject({ contactId: 'c9', traceId: 't1' });
  });

  it('names the fields of a validation and repeats none of the values', () => {
    const message = ['property additionalEmails should not exist', 'email must be an email, not ann@example.com'];
    const error = map(422, { message });
    expect(error).toBeInstanceOf(GhlInvalidError);
    expect(error).toMatchObject({ fields: ['additionalEmails', 'email'] });
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('ann@example.com');
  });

  it('is not read out of what a validation quotes', () => {
    const error = map(422, { message: ['name must be shorter, not "DND is active"'] });
    expect(error).toMatchObject({ code: 'GhlInvalid', reason: 'validation' });
  });

  it('is understood although its body is no JSON or of an unknown shape', () => {
    expect(map(403, undefined).code).toBe('GhlForbidden');
    expect(map(400, [1, 2]).code).toBe('GhlInvalid');
    expect(map(400, { message: { deep: true } }).code).toBe('GhlInvalid');
  });
});
