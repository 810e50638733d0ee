import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import {
  type ApiKey,
  changeApiKey,
  disableApiKey,
  enableApiKey,
  endOverlap,
  revokeApiKey,
  rotateApiKey,
} from '../../src/api-key.ts'
import { restrictKey } from '../../src/operations/restrict-key.ts'
import { newKey } from '../store/store-fixtures.ts'

const NOW = 5000
const backup: ApiKey = newKey().key
const rotate = (key: ApiKey, overlapSeconds: number) =>
  rotateApiKey(key, { secret: 'ih_live_LEAK_next', overlapSeconds, now: NOW })

test('a key that nothing was taken from since the backup is the same object', () => {
  expect(restrictKey(backup, backup, NOW)).toBe(backup)
  expect(restrictKey(backup, changeApiKey(backup, { name: 'another' }, NOW), NOW)).toBe(backup)
  expect(restrictKey(backup, rotate(backup, 600), NOW)).toBe(backup)
})

test('what was revoked or disabled since is so, and one that was enabled since is not enabled', () => {
  expect(restrictKey(backup, revokeApiKey(backup), NOW)).toMatchObject({ state: 'revoked', generation: 2 })
  expect(restrictKey(backup, disableApiKey(backup), NOW)).toMatchObject({ state: 'disabled', generation: 2 })
  const disabled = disableApiKey(backup)
  // Tokens that the key got while it was enabled are dead as well.
  expect(restrictKey(disabled, enableApiKey(disabled), NOW)).toMatchObject({
    state: 'disabled',
    generation: 3,
  })
  expect(restrictKey(revokeApiKey(backup), backup, NOW).state).toBe('revoked')
})

test('a secret that was ended since brings the key back disabled only, and never the secret of the replaced database', () => {
  for (const replaced of [rotate(backup, 0), rotate(backup, 600)]) {
    const key = restrictKey(backup, replaced, NOW + 600)
    expect(key).toMatchObject({ state: 'disabled', secret: backup.secret })
    expect(key.generation).toBeGreaterThan(replaced.generation)
  }
})

test('an overlap that was ended since is ended', () => {
  const rotated = rotate(backup, 600)
  const ended = endOverlap(rotated, NOW + 1)
  expect(restrictKey(rotated, ended, NOW + 1)).toMatchObject({
    state: 'active',
    previousSecret: null,
    generation: ended.generation,
  })
})

test('scopes, direct use and expiry are what both allow, and no generation goes back', () => {
  const direct = { ...backup, direct: true }
  const cut = changeApiKey(direct, { scopes: [UPLOAD_SCOPE], direct: false, expiresAt: NOW + 9 }, NOW)
  expect(restrictKey(direct, cut, NOW)).toMatchObject({
    scopes: [UPLOAD_SCOPE],
    direct: false,
    expiresAt: NOW + 9,
    generation: cut.generation,
  })
  // A scope that was added since is not there, and the tokens that carry it are dead.
  const grown = { ...backup, scopes: cut.scopes }
  expect(restrictKey(grown, { ...backup, generation: 7 }, NOW)).toMatchObject({
    generation: 8,
    scopes: cut.scopes,
  })
  expect(restrictKey(backup, { ...backup, generation: 7 }, NOW).generation).toBe(7)
})
