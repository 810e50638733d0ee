import { SCOPES } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { createApiKey, rotateApiKey } from '../../../src/api-key.ts'
import { toAuditView } from '../../../src/audit-view.ts'
import { formatKeyTable } from '../../../src/commands/keys/list.ts'
import { formatFields } from '../../../src/commands/output.ts'
import { toKeyView } from '../../../src/key-view.ts'

const key = createApiKey({
  keyId: 'ihk_00000000000000000000',
  name: 'video worker',
  scopes: SCOPES,
  secret: 'LEAK',
  createdAt: 1_800_000_000,
  expiresAt: 1_800_000_100,
})
const rotated = rotateApiKey(key, { secret: 'LEAK-2', overlapSeconds: 60, now: 1_800_000_000 })

test('a key is shown with these fields in this order, times in ISO 8601', () => {
  expect(JSON.stringify(toKeyView(key, 1_800_000_000))).toBe(
    '{"key_id":"ihk_00000000000000000000","name":"video worker",' +
      '"scopes":["interhumanai.upload","interhumanai.stream"],"state":"active","generation":1,"direct":false,' +
      '"created_at":"2027-01-15T08:00:00Z","last_used_at":null,"expires_at":"2027-01-15T08:01:40Z","previous_secret_expires_at":null}',
  )
})

test('neither a secret nor its hash is shown', () => {
  const shown = `${JSON.stringify(toKeyView(rotated, 1_800_000_000))}${formatKeyTable([toKeyView(rotated, 1)])}`
  expect(shown).not.toContain('LEAK')
  for (const form of ['hex', 'base64', 'base64url'] as const)
    expect(shown).not.toContain(rotated.secret.hash.toString(form))
})

test('an active key past its expiry shows as expired; a disabled one as disabled', () => {
  expect(toKeyView(key, 1_800_000_099).state).toBe('active')
  expect(toKeyView(key, 1_800_000_100).state).toBe('expired')
  expect(toKeyView({ ...key, state: 'disabled' }, 1_800_000_100).state).toBe('disabled')
})

test('the end of an overlap is shown while it lasts', () => {
  expect(toKeyView(rotated, 1_800_000_059).previous_secret_expires_at).toBe('2027-01-15T08:01:00Z')
  expect(toKeyView(rotated, 1_800_000_060).previous_secret_expires_at).toBeNull()
})

test('when a key was used last is shown, and a key that never was is told apart', () => {
  expect(toKeyView({ ...key, lastUsedAt: 1_800_000_060 }, 1).last_used_at).toBe('2027-01-15T08:01:00Z')
  expect(formatKeyTable([toKeyView({ ...key, lastUsedAt: 1_800_000_060 }, 1)])).toContain(
    '  2027-01-15T08:01:00Z  ',
  )
  expect(formatKeyTable([toKeyView(key, 1)])).toContain('  never ')
})

test('fields stand one a line, names in a column', () => {
  expect(formatFields({ a: 1, long: null, list: ['x', 'y'] })).toBe('a     1\nlong  -\nlist  x y\n')
})

test('keys stand one a line, without blanks at the end', () => {
  const lines = formatKeyTable([toKeyView(key, 1), toKeyView({ ...key, name: 'n' }, 1)]).split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(/^KEY ID +STATE +CREATED +LAST USED +SCOPES +NAME$/)
  for (const line of lines) expect(line).toBe(line.trimEnd())
})

test('an audit entry leaves out what the reader asked for', () => {
  const entry = {
    at: 0,
    actor: 'command:a',
    action: 'key.create',
    subject: key.keyId,
    detail: { n: 1 },
    origin: 'command',
    before: null,
    after: { name: 'a' },
  } as const
  expect(toAuditView(entry)).toEqual({
    at: '1970-01-01T00:00:00Z',
    actor: 'command:a',
    action: 'key.create',
    detail: { n: 1 },
    origin: 'command',
    before: null,
    after: { name: 'a' },
  })
})
