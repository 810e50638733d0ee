import { describe, expect, test } from 'vitest'
import { revokeApiKey } from '../../src/api-key.ts'
import type { AuditEntry } from '../../src/audit.ts'
import type { Lease } from '../../src/change.ts'
import type { Store } from '../../src/store/store.ts'
import { audit, newKey, newSigningKey } from './store-fixtures.ts'

/** What hears of changes: part of the duties of every store. */
export function changeSuite(store: () => Store, open: () => Promise<Store>): void {
  const now = () => Math.floor(Date.now() / 1000)
  const entry = (subject: string, action: AuditEntry['action']) => ({ ...audit(subject, action), at: now() })
  const readAll = async () => (await store().readChanges(null)).changes
  async function revokedKey(): Promise<string> {
    const added = newKey()
    await store().insertApiKey(added)
    await store().changeApiKey(added.key.keyId, (key) => ({
      key: revokeApiKey(key),
      audit: entry(added.key.keyId, 'key.revoke'),
    }))
    return added.key.keyId
  }

  describe('changes', () => {
    test('a new key is no change, and what happens to it is one, with its generation', async () => {
      const keyId = await revokedKey()
      const [change, ...rest] = await readAll()
      expect(rest).toEqual([])
      expect(change).toMatchObject({ revision: 1, kind: 'key', subject: keyId, generation: 2 })
      expect((change?.expiresAt ?? 0) - (change?.at ?? 0)).toBe(3660)
      expect((await store().findKeyCredentials(keyId))?.revision).toBe(1)
    })

    test('revisions have no gap, and a change that was not written takes none', async () => {
      const keyId = await revokedKey()
      await expect(
        store().changeApiKey(keyId, (key) => ({
          key: { ...key, generation: 0 },
          audit: entry(keyId, 'key.change'),
        })),
      ).rejects.toThrow()
      const revocation = { tokenId: 'a', revokedAt: now(), expiresAt: now() + 600 }
      await store().revokeToken(revocation, entry('a', 'token.revoke'))
      await store().revokeToken(revocation, entry('a', 'token.revoke'))
      expect((await readAll()).map(({ revision, kind, subject }) => ({ revision, kind, subject }))).toEqual([
        { revision: 1, kind: 'key', subject: keyId },
        { revision: 2, kind: 'token', subject: 'a' },
      ])
    })

    test('those behind a revision are read, with the head, the epoch and the time of the database', async () => {
      await revokedKey()
      const second = await revokedKey()
      const reading = await store().readChanges(1)
      expect(reading.changes.map((change) => change.subject)).toEqual([second])
      expect(reading.revision).toBe(2)
      expect(reading.epoch).toMatch(/^[0-9a-f]{32}$/)
      expect(Math.abs(reading.databaseTimeMs - Date.now())).toBeLessThan(60_000)
      const [change] = reading.changes
      expect(Math.abs(reading.databaseTimeMs - (change?.writtenAtMs ?? 0))).toBeLessThan(60_000)
      expect(await store().readChanges(2)).toMatchObject({ changes: [], revision: 2, epoch: reading.epoch })
    })

    test('one whose time is over is not told', async () => {
      const past = { tokenId: 'past', revokedAt: now() - 100, expiresAt: now() - 1 }
      await store().revokeToken(past, entry('past', 'token.revoke'))
      expect(await store().readChanges(null)).toMatchObject({ changes: [], revision: 1 })
      await revokedKey()
      expect((await readAll()).map((change) => change.revision)).toEqual([2])
    })

    test('one stays while the clock of whoever writes another one is an hour ahead, and goes at last', async () => {
      const revoke = (tokenId: string, revokedAt: number) =>
        store().revokeToken(
          { tokenId, revokedAt, expiresAt: revokedAt + 600 },
          entry(tokenId, 'token.revoke'),
        )
      await revoke('a', now())
      await revoke('b', now() + 3600)
      expect((await readAll()).map((change) => change.subject)).toEqual(['a', 'b'])
      await revoke('c', now() + 600 + 7200)
      expect((await readAll()).map((change) => change.subject)).toEqual(['b', 'c'])
    })

    test('other signing keys are a change, a lost one is told by its kid, once', async () => {
      const key = newSigningKey('active')
      await store().changeSigningKeys(
        () => ({ insert: [key], update: [] }),
        () => [entry(key.kid, 'signing_key.create')],
      )
      const lost = { ...key, state: 'retired', retiredAt: 2000, lostAt: 2000 } as const
      const lose = () =>
        store().changeSigningKeys(
          () => ({ insert: [], update: [lost] }),
          () => [entry(key.kid, 'signing_key.lose')],
        )
      await lose()
      await lose()
      const kinds = (await readAll()).map(({ kind, subject }) => [kind, subject])
      expect(kinds).toEqual([
        ['signing-keys', ''],
        ['signing-key', key.kid],
        ['signing-keys', ''],
        ['signing-keys', ''],
      ])
    })

    test('whoever hears of changes is told of one that another connection wrote', async () => {
      let hints = 0
      const hearing = (await open()).hearChanges(() => {
        hints += 1
      })
      try {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const before = hints
        await revokedKey()
        for (let tries = 0; hints === before && tries < 500; tries += 1)
          await new Promise((resolve) => setTimeout(resolve, 10))
        expect(hints).toBeGreaterThan(before)
      } finally {
        await hearing.close()
      }
    })
  })

  describe('leases', () => {
    const lease = (holder: string, revision = 0): Lease => ({
      holder,
      kind: 'node',
      name: `of ${holder}`,
      revision,
    })

    async function renew(...leases: readonly Lease[]): Promise<void> {
      const { epoch } = await store().readChanges(null)
      await store().readChanges(0, { epoch, leases })
    }

    test('one is there until it is ended, with the highest revision that it was renewed with', async () => {
      await renew(lease('b'), { ...lease('a', 3), kind: 'verifier' })
      await renew(lease('b', 7))
      await renew(lease('b', 6))
      expect(await (await open()).listLeases()).toEqual([
        { ...lease('a', 3), kind: 'verifier' },
        lease('b', 7),
      ])
      await store().endLease('a')
      expect(await store().listLeases()).toEqual([lease('b', 7)])
      await store().readChanges(0)
      expect(await store().listLeases()).toEqual([lease('b', 7)])
    })

    test('what another node acknowledges counts under the name of its holder alone', async () => {
      await renew(lease('a', 3))
      await store().acknowledgeLease({ holder: 'a', name: 'another', revision: 9 })
      await store().acknowledgeLease({ holder: 'a', name: 'of a', revision: 2 })
      expect(await store().listLeases()).toEqual([lease('a', 3)])
      await store().acknowledgeLease({ holder: 'a', name: 'of a', revision: 5 })
      expect(await store().listLeases()).toEqual([lease('a', 5)])
    })

    test('a reading that renews them reads the same as one that does not', async () => {
      await revokedKey()
      const { databaseTimeMs, ...plain } = await store().readChanges(null)
      const renewing = await store().readChanges(null, { epoch: plain.epoch, leases: [lease('a', 1)] })
      expect(renewing).toMatchObject(plain)
      expect(renewing.databaseTimeMs).toBeGreaterThanOrEqual(databaseTimeMs)
      expect(await store().listLeases()).toEqual([lease('a', 1)])
    })

    test('none is renewed that is of another store, or of a revision that this one has not reached', async () => {
      const { epoch } = await store().readChanges(null)
      await store().readChanges(0, { epoch: 'another', leases: [lease('a')] })
      await store().readChanges(1, { epoch, leases: [lease('a', 1)] })
      expect(await store().listLeases()).toEqual([])
    })
  })
}
