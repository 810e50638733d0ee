import { expect, test } from 'vitest'
import { childEnvironment } from '../../src/exec/child-environment.ts'

test('a command gets neither the key nor another address in any case of letters, as Windows takes them all', () => {
  const env = {
    Interhuman_Key_Id: 'LEAK',
    interhuman_key_secret: 'LEAK',
    INTERHUMAN_Config: 'LEAK',
    Interhuman_Access_Token: 'LEAK',
    Interhuman_Api_Url: 'https://other.example',
    Path: 'kept',
    absent: undefined,
  }
  const expected = { Path: 'kept', INTERHUMAN_API_URL: 'https://a.example' }
  expect(childEnvironment(env, undefined, 'https://a.example')).toEqual(expected)
  expect(childEnvironment(env, 'token', 'https://a.example')).toEqual({
    ...expected,
    INTERHUMAN_ACCESS_TOKEN: 'token',
  })
})
