import { ERRORS, type ErrorRow, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, test } from 'vitest'
import { parseFormText } from '../src/form-body.ts'
import { parseOAuthTokenRequest } from '../src/oauth-token-request.ts'

const CLIENT = { client_id: 'ihk_1', client_secret: 'LEAK' }
const GRANT = { grant_type: 'client_credentials' }

const parse = (fields: Record<string, string>) =>
  parseOAuthTokenRequest(parseFormText(new URLSearchParams(fields).toString()), undefined)
const refused = (row: ErrorRow) => expect.objectContaining({ row })

test('a request is the grant, the client and its scopes, in the order asked and each once', () => {
  const scope = `${STREAM_SCOPE} ${UPLOAD_SCOPE} ${STREAM_SCOPE}`
  expect(parse({ ...GRANT, ...CLIENT, scope })).toEqual({
    keyId: 'ihk_1',
    keySecret: 'LEAK',
    scopes: [STREAM_SCOPE, UPLOAD_SCOPE],
  })
})

test('what nobody knows is ignored', () => {
  const more = { resource: 'LEAK', audience: 'LEAK', __proto__: 'LEAK', constructor: 'LEAK' }
  expect(parse({ ...more, ...GRANT, ...CLIENT, scope: UPLOAD_SCOPE }).scopes).toEqual([UPLOAD_SCOPE])
})

test.each([{}, { grant_type: '' }])(
  'without a grant type (%j) the request is invalid, and it is named',
  (grant) => {
    expect(() => parse({ ...grant, ...CLIENT, scope: UPLOAD_SCOPE })).toThrow(
      expect.objectContaining({ row: ERRORS.parameterAbsent, problems: { grant_type: 'is needed' } }),
    )
  },
)

test.each([
  'authorization_code',
  'password',
  'refresh_token',
  'Client_Credentials',
  ' client_credentials',
  'LEAK',
])('the grant type %j is not supported', (grant_type) => {
  expect(() => parse({ grant_type, ...CLIENT, scope: UPLOAD_SCOPE })).toThrow(
    refused(ERRORS.grantTypeUnsupported),
  )
})

describe('attack 20: a scope', () => {
  test.each<[string, string]>([
    ['empty', ''],
    ['a space', ' '],
    ['with a space in front', ` ${UPLOAD_SCOPE}`],
    ['with a space behind', `${UPLOAD_SCOPE} `],
    ['with two spaces', `${UPLOAD_SCOPE}  ${STREAM_SCOPE}`],
    ['with a tab', `${UPLOAD_SCOPE}\t${STREAM_SCOPE}`],
    ['with a line break', `${UPLOAD_SCOPE}\n${STREAM_SCOPE}`],
    ['with a no-break space', `${UPLOAD_SCOPE}\u00a0${STREAM_SCOPE}`],
    ['with a comma', `${UPLOAD_SCOPE},${STREAM_SCOPE}`],
    ['of other letters', UPLOAD_SCOPE.replace('a', '\u0430')],
    ['of upper-case letters', UPLOAD_SCOPE.toUpperCase()],
    ['of full-width letters', UPLOAD_SCOPE.normalize('NFKD').replace('i', '\uff49')],
    ['unknown', 'LEAK'],
    ['a wildcard', 'interhumanai.*'],
    ['known beside an unknown one', `${UPLOAD_SCOPE} LEAK`],
    ['a list in JSON', `["${UPLOAD_SCOPE}"]`],
    ['ten thousand unknown ones', 'a '.repeat(10_000).trim()],
  ])('%s is invalid_scope, and the request is not widened', (_, scope) => {
    expect(() => parse({ ...GRANT, ...CLIENT, scope })).toThrow(refused(ERRORS.scopeRefused))
  })

  test('absent is invalid_scope: there is no default', () => {
    expect(() => parse({ ...GRANT, ...CLIENT })).toThrow(refused(ERRORS.scopeRefused))
  })

  test('repeated ten thousand times counts once', () => {
    const scope = `${UPLOAD_SCOPE} `.repeat(10_000).trim()
    expect(parse({ ...GRANT, ...CLIENT, scope }).scopes).toEqual([UPLOAD_SCOPE])
  })
})
