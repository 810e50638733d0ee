/**
 * The members of a form that name a token, as JSON Schema. The hint is not looked at: what a token is shows in the token.
 *
 * @see RFC 7009 section 2.1; RFC 7662 section 2.1
 */
export const TOKEN_PARAMETERS = {
  token: { type: 'string', format: 'password', description: 'The token itself.' },
  token_type_hint: { type: 'string', description: 'Changes nothing: every kind is looked for.' },
} as const
