/** The fields that `Version: v3` spells in camel case; the others always were. */
const camel: Record<string, string> = {
  access_token: 'accessToken',
  token_type: 'tokenType',
  expires_in: 'expiresIn',
  refresh_token: 'refreshToken',
  client_id: 'clientId',
  client_secret: 'clientSecret',
  grant_type: 'grantType',
  user_type: 'userType',
  redirect_uri: 'redirectUri',
};

/** Returns a field's name as the version has it. */
export function spellField(name: string, version: unknown): string {
  return version === 'v3' ? (camel[name] ?? name) : name;
}

/** Returns a token answer with its fields spelled as the version has them. */
export function spellAnswer(answer: Record<string, unknown>, version: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [spellField(name, version), value]));
}
