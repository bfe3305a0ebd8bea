import type { z } from 'zod';
import { refusal } from './reply.ts';

type Issue = z.core.$ZodIssue;

/**
 * Parses an untrusted body or query and returns it.
 * Raises the 422 that GHL's class-validator whitelist gives: an array of messages, unknown properties refused.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw refusal(422, parsed.error.issues.flatMap(messagesOf));
}

function messagesOf(issue: Issue): string[] {
  const path = issue.path.join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `property ${path ? `${path}.` : ''}${key} should not exist`);
    case 'invalid_type':
      return [`${path} must be ${expectation(issue.expected)}`];
    case 'invalid_value':
      return [`${path} must be one of the following values: ${issue.values.map(String).join(', ')}`];
    case 'invalid_format':
      return [issue.format === 'email' ? `${path} must be an email` : `${path} must be a valid ${issue.format}`];
    case 'too_small':
      return [
        issue.origin === 'string' ? `${path} should not be empty` : `${path} must not be less than ${issue.minimum}`,
      ];
    case 'too_big':
      return [
        issue.origin === 'string'
          ? `${path} must be shorter than or equal to ${issue.maximum} characters`
          : `${path} must not be greater than ${issue.maximum}`,
      ];
    default:
      return [path ? `${path} is invalid` : issue.message];
  }
}

function expectation(expected: string): string {
  switch (expected) {
    case 'number':
      return 'a number conforming to the specified constraints';
    case 'boolean':
      return 'a boolean value';
    case 'array':
    case 'object':
      return `an ${expected}`;
    default:
      return `a ${expected}`;
  }
}
