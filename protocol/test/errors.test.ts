import {
  ERRORS,
  type ErrorName,
  type ErrorRow,
  errorSlug,
  formatErrorBody,
  formatErrorLink,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const rows: [ErrorName, ErrorRow][] = Object.entries(ERRORS) as [ErrorName, ErrorRow][]
const context = {
  correlationId: 'b7d0c5f4-0000-4000-8000-000000000000',
  errorPage: 'https://auth.example.com/errors',
}

describe('the catalogue', () => {
  it.each([
    ['ih1001', 500],
    ['ih1003', 503],
    ['ih2001', 401],
    ['ih2002', 401],
    ['ih2003', 403],
    ['ih2005', 400],
    ['ih2010', 401],
    ['ih2011', 401],
    ['ih2014', 401],
    ['ih3001', 429],
    ['ih3002', 429],
    ['ih3003', 429],
    ['ih3006', 429],
    ['ih4001', 400],
    ['ih4002', 400],
    ['ih4003', 413],
  ])('has Interhuman’s %s with status %i', (id, status) => {
    expect(rows.find(([, row]) => row.id === id)?.[1].status).toBe(status)
  })

  it('has a row for each status of the contract', () => {
    const statuses = [400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 431, 500, 502, 503, 504]
    expect([...new Set(rows.map(([, row]) => row.status))].sort()).toEqual(statuses)
  })

  it('has each id, each title and each slug once', () => {
    for (const values of [
      rows.map(([, row]) => row.id),
      rows.map(([, row]) => row.title),
      rows.map(([, row]) => errorSlug(row)),
    ])
      expect(new Set(values).size).toBe(rows.length)
  })

  it('gives its own ids a range that nobody takes for Interhuman’s', () => {
    for (const [, { id }] of rows) expect(id).toMatch(/^(?:ih[1-6]\d{3}|ia9\d{3})$/)
  })

  it('says Unauthorized with each 401 and Forbidden with each 403, and with no other', () => {
    for (const [, { status, message }] of rows) {
      expect(message.includes('Unauthorized')).toBe(status === 401)
      expect(message.includes('Forbidden')).toBe(status === 403)
    }
  })

  it('has whole sentences, and a word of OAuth for each row', () => {
    for (const [, row] of rows) {
      expect(row.message).toMatch(/^[A-Z].*\.$/)
      expect(row.advice).toMatch(/^[A-Z].*\.$/)
      expect(row.title).toMatch(/^[A-Z][A-Za-z ]+[a-z]$|^[A-Z][A-Za-z ]+JSON$/)
      expect(row.oauth).toMatch(/^[a-z]+(?:_[a-z]+)+$/)
    }
  })

  it('can be said in an error_description and an error_uri (RFC 6749 section 5.2)', () => {
    for (const [, row] of rows) {
      const problems = { grant_type: 'is needed' }
      const body = formatErrorBody(row, 'oauth', { ...context, problems })
      expect(body).toHaveProperty('error_description', expect.stringMatching(/^[ !#-[\]-~]+$/))
      expect(body).toHaveProperty('error_uri', expect.stringMatching(/^[!#-[\]-~]+$/))
    }
  })
})

describe('errorSlug', () => {
  it('writes the slug that Interhuman publishes', () => {
    expect(errorSlug(ERRORS.keySecretAbsent)).toBe('ih2005-missing-key-secret')
  })

  it('is the id and the title in kebab case, for any title', () => {
    fc.assert(
      fc.property(fc.string(), (title) => {
        expect(errorSlug({ ...ERRORS.internal, title })).toMatch(/^ih1001-(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/)
      }),
    )
  })
})

describe('formatErrorLink', () => {
  it('points at the heading on the error page', () => {
    expect(formatErrorLink(ERRORS.keySecretAbsent, context.errorPage)).toBe(
      'https://auth.example.com/errors#ih2005-missing-key-secret',
    )
  })
})

describe('formatErrorBody', () => {
  it('writes the v0 body, fields in the order of the contract', () => {
    const message =
      'The `key_secret` field is absent from the request body. This field is required to authenticate your API key.'
    expect(JSON.stringify(formatErrorBody(ERRORS.keySecretAbsent, 'v0', context))).toBe(
      JSON.stringify({
        detail: message,
        status_code: 400,
        extra: {},
        error_id: 'ih2005',
        correlation_id: context.correlationId,
        link: 'https://auth.example.com/errors#ih2005-missing-key-secret',
        message,
      }),
    )
  })

  it('writes the v1 body, fields in the order of the contract', () => {
    expect(JSON.stringify(formatErrorBody(ERRORS.credentialAbsent, 'v1', context))).toBe(
      JSON.stringify({
        error_id: 'ih2002',
        correlation_id: context.correlationId,
        link: 'https://auth.example.com/errors#ih2002-no-credential',
        message: ERRORS.credentialAbsent.message,
      }),
    )
  })

  it('says which field is wrong, in `extra` and in the message', () => {
    const problems = { key_id: 'is not a text', 'scopes[1]': 'is not a known scope' }
    const message = `${ERRORS.fieldInvalid.message} \`key_id\` is not a text; \`scopes[1]\` is not a known scope.`
    expect(formatErrorBody(ERRORS.fieldInvalid, 'v0', { ...context, problems })).toMatchObject({
      detail: message,
      message,
      status_code: 422,
      extra: problems,
    })
    const v1 = formatErrorBody(ERRORS.fieldInvalid, 'v1', { ...context, problems })
    expect(v1).toHaveProperty('message', message)
    expect(v1).not.toHaveProperty('extra')
  })

  it.each(rows)('of %s has the row’s words in both versions, and nothing of the operator’s', (_name, row) => {
    for (const version of ['v0', 'v1'] as const) {
      const body = formatErrorBody(row, version, context)
      expect(body).toMatchObject({ error_id: row.id, message: row.message })
      expect(JSON.stringify(body)).not.toContain(row.advice)
    }
    expect(formatErrorBody(row, 'v0', context)).toMatchObject({
      detail: row.message,
      status_code: row.status,
    })
  })
})
