import { ERRORS } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../src/api-error.ts'
import { answerClient, readClientCredential } from '../src/client-authentication.ts'
import { parseFormText } from '../src/form-body.ts'

const basic = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`
const read = (authorization: string | undefined, form = '') =>
  readClientCredential(authorization, parseFormText(form))
const challenged = {
  oauth: 'invalid_client',
  headers: { 'WWW-Authenticate': expect.stringMatching(/^Basic realm="/) },
}

const refusal = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('attack 18: a Basic header', () => {
  test.each([
    ['as it is', 'ihk_1:LEAK', 'ihk_1', 'LEAK'],
    ['with a colon in the secret', 'ihk_1:LEAK:LEAK', 'ihk_1', 'LEAK:LEAK'],
    ['with an encoded colon in the id', 'ihk%3A1:LEAK', 'ihk:1', 'LEAK'],
    ['with percent signs', 'ihk%5f1:%4cEAK%25', 'ihk_1', 'LEAK%'],
    ['with a plus sign for a space', 'ihk 1:LE+AK', 'ihk 1', 'LE AK'],
    ['with an encoded plus sign', 'ihk_1:LE%2BAK', 'ihk_1', 'LE+AK'],
  ])('%s is decoded as RFC 6749 section 2.3.1 has it', (_, text, keyId, keySecret) => {
    expect(read(basic(text))).toEqual({ keyId, keySecret })
  })

  test('gives back whatever a client encoded', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((each) => /^[ -~]+$/.test(each))
    const encode = (value: string) => new URLSearchParams({ value }).toString().slice('value='.length)
    fc.assert(
      fc.property(text, text, (keyId, keySecret) => {
        expect(read(basic(`${encode(keyId)}:${encode(keySecret)}`))).toEqual({ keyId, keySecret })
      }),
    )
  })

  test.each([
    ['nothing', 'Basic'],
    ['an empty value', 'Basic '],
    ['what is not Base64', 'Basic LEAK!'],
    ['two values', 'Basic TEVBSzpMRUFL TEVBSzpMRUFL'],
    ['no colon', basic('LEAK')],
    ['no id', basic(':LEAK')],
    ['no secret', basic('ihk_1:')],
    ['NUL in the id', basic('ihk\0:LEAK')],
    ['an encoded NUL in the secret', basic('ihk_1:LEAK%00')],
    ['a line break', basic('ihk_1:LEAK%0d%0a')],
    ['a percent sign that begins nothing', basic('ihk_1:LEAK%')],
    ['bytes that are not UTF-8', basic(Buffer.from('ihk_1:LEAK\xff', 'latin1'))],
    ['encoded bytes that are not UTF-8', basic('ihk_1:LEAK%ff')],
    ['letters that no id has', basic('ihk_é:LEAK')],
    ['another scheme', 'Bearer LEAK'],
    ['a scheme that only begins so', `Basically ${basic('ihk_1:LEAK').slice(6)}`],
  ])('with %s is 401 invalid_client and a challenge, never a crash', (_, authorization) => {
    expect(refusal(() => read(authorization))).toMatchObject({
      row: ERRORS.invalidCredentials,
      ...challenged,
    })
  })

  test('may be any bytes: there is a credential or a 401', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const result = refusal(() => read(basic(Buffer.from(bytes))))
        if (result instanceof Error) expect(result).toMatchObject({ row: ERRORS.invalidCredentials })
        else expect(result).toEqual({ keyId: expect.any(String), keySecret: expect.any(String) })
      }),
    )
  })
})

describe('a client', () => {
  test('may authenticate in the form', () => {
    expect(read(undefined, 'client_id=ihk_1&client_secret=LEAK')).toEqual({
      keyId: 'ihk_1',
      keySecret: 'LEAK',
    })
  })

  test('may say its id beside the header, if it is the same', () => {
    expect(read(basic('ihk_1:LEAK'), 'client_id=ihk_1')).toEqual({ keyId: 'ihk_1', keySecret: 'LEAK' })
  })

  test.each([
    ['a secret', 'client_secret=LEAK'],
    ['the same id and secret', 'client_id=ihk_1&client_secret=LEAK'],
    ['another id', 'client_id=ihk_2'],
  ])('attack 17: that says %s beside the header authenticates in two ways: invalid_request', (_, form) => {
    expect(refusal(() => read(basic('ihk_1:LEAK'), form))).toMatchObject({
      row: ERRORS.clientAuthenticationRepeated,
    })
  })

  test.each(['', 'client_id=ihk_1', 'client_secret=LEAK', 'client_id=&client_secret=LEAK'])(
    'that says "%s" alone does not authenticate: invalid_client',
    (form) => {
      expect(refusal(() => read(undefined, form))).toMatchObject({
        row: ERRORS.credentialAbsent,
        ...challenged,
      })
    },
  )

  test.each(['client_id=ihk%00&client_secret=LEAK', 'client_id=ihk_1&client_secret=LEAK%0A'])(
    'whose credential has control characters (%s) is refused before anything is looked up',
    (form) => {
      expect(refusal(() => read(undefined, form))).toMatchObject({
        row: ERRORS.invalidCredentials,
        ...challenged,
      })
    },
  )
})

describe('what a client hears', () => {
  const answer = (error: unknown) => answerClient(() => Promise.reject(error)).catch((thrown) => thrown)

  test('of a key that does not authenticate is invalid_client', async () => {
    expect(await answer(new ApiError(ERRORS.invalidCredentials))).toMatchObject({
      row: ERRORS.invalidCredentials,
      ...challenged,
    })
  })

  test('of a scope that the key does not hold is 400 invalid_scope', async () => {
    expect(await answer(new ApiError(ERRORS.insufficientScope))).toMatchObject({ row: ERRORS.scopeRefused })
  })

  test('of anything else is what everybody hears', async () => {
    for (const error of [new ApiError(ERRORS.rateLimited), new Error('LEAK'), 'LEAK'])
      expect(await answer(error)).toBe(error)
    expect(await answerClient(async () => 1)).toBe(1)
  })
})
