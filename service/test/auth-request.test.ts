import { ERRORS, type ErrorRow, SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError } from '../src/api-error.ts'
import { parseAuthRequest } from '../src/auth-request.ts'
import { parseJsonBody } from '../src/request-body.ts'

const good = { key_id: 'ihk_LEAK', key_secret: 'ih_live_LEAK', scopes: [UPLOAD_SCOPE] }
const parse = (json: string) => parseAuthRequest(parseJsonBody(Buffer.from(json)))

function refusal(body: unknown): ApiError {
  try {
    parseAuthRequest(body)
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError)
    expect(JSON.stringify(error)).not.toContain('LEAK')
    return error as ApiError
  }
  throw new Error('it was taken')
}

const expectRefused = (body: unknown, row: ErrorRow, problems: object = {}) =>
  expect(refusal(body)).toMatchObject({ row, problems })

test('a request is read as it was sent', () => {
  expect(parseAuthRequest(good)).toEqual({
    keyId: 'ihk_LEAK',
    keySecret: 'ih_live_LEAK',
    scopes: [UPLOAD_SCOPE],
  })
})

test.each([null, true, 1, 'text', [], [good]])('%j is JSON but no object: 400', (body) => {
  expectRefused(body, ERRORS.bodyNotObject)
})

test.each([
  ['key_id', ERRORS.keyIdAbsent],
  ['key_secret', ERRORS.keySecretAbsent],
  ['scopes', ERRORS.scopesAbsent],
] as const)('an absent %s is 400 with an error of its own', (field, row) => {
  const { [field]: _, ...rest } = good
  expectRefused(rest, row)
})

test('absent goes before type: a wrong key_id beside an absent key_secret is 400', () => {
  expectRefused({ key_id: 1, scopes: 'x' }, ERRORS.keySecretAbsent)
})

test('what every object inherits counts as absent', () => {
  expectRefused({}, ERRORS.keyIdAbsent)
  expectRefused(JSON.parse('{"__proto__":{"key_id":"a","key_secret":"b","scopes":[]}}'), ERRORS.keyIdAbsent)
})

const WRONG_TYPES = [null, true, false, 0, 1.5, Number.POSITIVE_INFINITY, [], {}, ['a']]
test.each(['key_id', 'key_secret'] as const)('%s that is no string is 422 and says so', (field) => {
  for (const value of WRONG_TYPES)
    expectRefused({ ...good, [field]: value }, ERRORS.fieldInvalid, { [field]: 'must be a string' })
})

test.each(['key_id', 'key_secret'] as const)('an empty %s is 422', (field) => {
  expectRefused({ ...good, [field]: '' }, ERRORS.fieldInvalid, { [field]: 'must not be empty' })
})

test('scopes that are no list, or an empty one, are 422', () => {
  for (const scopes of [null, true, 1, UPLOAD_SCOPE, { 0: UPLOAD_SCOPE }])
    expectRefused({ ...good, scopes }, ERRORS.fieldInvalid, { scopes: 'must be a list' })
  expectRefused({ ...good, scopes: [] }, ERRORS.fieldInvalid, { scopes: 'must not be empty' })
})

const known = `must be one of ${SCOPES.join(', ')}`
test.each([
  ['unknown', 'interhumanai.LEAK'],
  ['empty', ''],
  ['two in one', `${UPLOAD_SCOPE} ${STREAM_SCOPE}`],
  ['with a space behind', `${UPLOAD_SCOPE} `],
  ['with a no-break space', `${UPLOAD_SCOPE}\u00a0`],
  ['with a tab', `\t${UPLOAD_SCOPE}`],
  ['with a comma', `${UPLOAD_SCOPE},${STREAM_SCOPE}`],
  ['in capitals', UPLOAD_SCOPE.toUpperCase()],
  ['with a Cyrillic a', UPLOAD_SCOPE.replace('a', '\u0430')],
  ['with a full-width dot', UPLOAD_SCOPE.replace('.', '\uff0e')],
  ['with a zero-width joiner', `${UPLOAD_SCOPE}\u200d`],
  ['with a combining mark', `${UPLOAD_SCOPE}\u0301`],
  ['with NUL', `${UPLOAD_SCOPE}\0`],
  ['a member of every object', 'constructor'],
])('a scope that is %s is 422, and the answer names its place only', (_, scope) => {
  expectRefused({ ...good, scopes: [UPLOAD_SCOPE, scope] }, ERRORS.fieldInvalid, { 'scopes[1]': known })
})

test('a scope that is no string is 422', () => {
  for (const scope of [null, 1, [UPLOAD_SCOPE], { scope: UPLOAD_SCOPE }])
    expect(refusal({ ...good, scopes: [scope] }).row).toBe(ERRORS.fieldInvalid)
})

test('all that is wrong is told at once, of ten fields at most: the answer does not grow with the request', () => {
  const both = refusal({ key_id: '', key_secret: 1, scopes: ['x'] })
  expect(both.problems).toEqual({
    key_id: 'must not be empty',
    key_secret: 'must be a string',
    'scopes[0]': known,
  })
  const many = refusal({ ...good, scopes: Array.from({ length: 10_000 }, () => 'x') })
  expect(Object.keys(many.problems).length).toBeLessThanOrEqual(10)
})

test('a repeated scope counts once, and the order is that of first appearance', () => {
  const scopes = [STREAM_SCOPE, UPLOAD_SCOPE, STREAM_SCOPE]
  expect(parseAuthRequest({ ...good, scopes }).scopes).toEqual([STREAM_SCOPE, UPLOAD_SCOPE])
})

test('unknown members are ignored, __proto__ and constructor among them, and pollute nothing', () => {
  const json = JSON.stringify(good).slice(0, -1)
  const polluting = `${json},"__proto__":{"polluted":1,"scopes":[]},"constructor":{"prototype":{"polluted":1}},"x":1}`
  expect(parse(polluting).scopes).toEqual([UPLOAD_SCOPE])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('of a repeated member the last counts', () => {
  expect(parse(`{"key_id":"first",${JSON.stringify(good).slice(1)}`).keyId).toBe('ihk_LEAK')
  expect(parse(`${JSON.stringify(good).slice(0, -1)},"key_id":"last"}`).keyId).toBe('last')
})

test('whatever the JSON, it is read or refused with an error of the contract', () => {
  const field = fc.option(fc.jsonValue(), { nil: undefined })
  const near = fc.record({ key_id: field, key_secret: field, scopes: fc.oneof(field, fc.array(field)) })
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), (value) => {
      const body = JSON.parse(JSON.stringify(value)) as unknown
      try {
        expect(parseAuthRequest(body).scopes.every((scope) => SCOPES.includes(scope))).toBe(true)
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
        expect([400, 422]).toContain((error as ApiError).row.status)
      }
    }),
    { numRuns: 1000 },
  )
})
