import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashSecret } from '../../src/api-key.ts'
import type { AuditedVerifier, Store } from '../../src/store/store.ts'
import { createVerifier, newVerifierId, revokeVerifier, rotateVerifier } from '../../src/verifier.ts'
import { audit } from './store-fixtures.ts'

/** Who checks tokens, and what is asked for them: part of the duties of every store. */
export function verifierSuite(store: () => Store): void {
  function newVerifier(secret: string, createdAt = 1000): AuditedVerifier {
    const verifierId = newVerifierId(randomBytes)
    const verifier = createVerifier({ verifierId, name: 'of a test', secret, createdAt })
    return { verifier, audit: audit(verifierId, 'verifier.create') }
  }
  const find = (secret: string) => store().findVerifierBySecret(hashSecret(secret))
  const history = async (subject: string) => (await store().listAuditEntries(subject, 100)).length

  describe('verifiers', () => {
    test('one is found by either of its secrets, and by no other', async () => {
      const { verifier, audit: entry } = newVerifier('LEAK-1')
      await store().insertVerifier({ verifier, audit: entry })
      await store().insertVerifier(newVerifier('LEAK-other'))
      expect(await find('LEAK-1')).toEqual(verifier)
      expect(await find('LEAK')).toBeUndefined()
      const rotated = await store().changeVerifier(verifier.verifierId, (current) => ({
        verifier: rotateVerifier(current, { secret: 'LEAK-2', overlapSeconds: 60, now: 1000 }),
        audit: audit(verifier.verifierId, 'verifier.rotate'),
      }))
      expect(rotated).toMatchObject({ previousSecretExpiresAt: 1060, revision: 1 })
      expect(await find('LEAK-1')).toEqual(rotated)
      expect(await find('LEAK-2')).toEqual(rotated)
    })

    test('they are listed in order of creation', async () => {
      const added = [newVerifier('LEAK-1', 3000), newVerifier('LEAK-2', 1000), newVerifier('LEAK-3', 2000)]
      for (const one of added) await store().insertVerifier(one)
      expect((await store().listVerifiers()).map(({ createdAt }) => createdAt)).toEqual([1000, 2000, 3000])
    })

    test('a change and its audit row are written together, and others hear of it', async () => {
      const { verifier, audit: entry } = newVerifier('LEAK-1')
      const { verifierId } = verifier
      await store().insertVerifier({ verifier, audit: entry })
      expect((await store().readChanges(null)).revision).toBe(0)
      const at = Math.floor(Date.now() / 1000)
      const revoke = () =>
        store().changeVerifier(verifierId, (current) => ({
          verifier: revokeVerifier(current),
          audit: { ...audit(verifierId, 'verifier.revoke'), at },
        }))
      expect(await revoke()).toMatchObject({ state: 'revoked', revision: 1 })
      expect(await revoke()).toMatchObject({ state: 'revoked', revision: 1 })
      expect((await store().readChanges(null)).changes).toMatchObject([
        { kind: 'verifier', subject: verifierId },
      ])
      expect(await history(verifierId)).toBe(2)
    })

    test('of a change that is refused nothing is written, and there is none of an unknown id', async () => {
      const { verifier, audit: entry } = newVerifier('LEAK-1')
      await store().insertVerifier({ verifier, audit: entry })
      const refused = store().changeVerifier(verifier.verifierId, () => {
        throw new Error('refused')
      })
      await expect(refused).rejects.toThrow('refused')
      const broken = { ...audit(verifier.verifierId), actor: null as unknown as string }
      const change = store().changeVerifier(verifier.verifierId, (current) => ({
        verifier: revokeVerifier(current),
        audit: broken,
      }))
      await expect(change).rejects.toThrow()
      expect(await find('LEAK-1')).toEqual(verifier)
      expect((await store().readChanges(null)).revision).toBe(0)
      expect(await store().changeVerifier('ihvr_LEAK', () => newVerifier('LEAK'))).toBeUndefined()
    })
  })

  test('a token counts as revoked from the moment that it is kept as such', async () => {
    expect(await store().isTokenRevoked('a')).toBe(false)
    await store().revokeToken({ tokenId: 'a', revokedAt: 1000, expiresAt: 2000 }, audit('a', 'token.revoke'))
    expect(await store().isTokenRevoked('a')).toBe(true)
    expect(await store().isTokenRevoked('b')).toBe(false)
  })
}
