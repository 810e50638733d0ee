import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { refuseCredentialInQuery } from '../../src/routes/credential-in-query.ts'

const refused = expect.objectContaining({ row: ERRORS.credentialInQuery })

test.each([
  'key_id=a',
  'key_secret=LEAK',
  'key-secret=LEAK',
  'KEY_SECRET=LEAK',
  'keySecret=LEAK',
  'key%5Fsecret=LEAK',
  '%6bey_secret=LEAK',
  'a=b&api_key=LEAK',
  'client_id=a',
  'client_secret=LEAK',
  'access_token=LEAK',
  'token=LEAK',
  'secret=LEAK',
  'key_secret',
  '?key_secret=LEAK',
  'x=ih_live_LEAK',
  'x=a%69h_live_LEAK',
  'x=ihv_LEAK',
  'x=iha_LEAK',
])('a query of %s is refused: it names or holds a credential', (query) => {
  expect(() => refuseCredentialInQuery(`/v0/auth?${query}`)).toThrow(refused)
})

test.each(['/v0/auth', '/v0/auth?', '/v0/auth?a=b', '/v0/auth?key=1', '/v0/auth?%ff=%', '/v0/auth?scopes=x'])(
  '%s is not: there is no credential in it',
  (url) => {
    expect(() => refuseCredentialInQuery(url)).not.toThrow()
  },
)
