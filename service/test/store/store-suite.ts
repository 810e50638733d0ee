import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashSecret, revokeApiKey, rotateApiKey } from '../../src/api-key.ts'
import type { SigningKey } from '../../src/signing-key.ts'
import type { AuditedKey, Store } from '../../src/store/store.ts'
import { adminSuite } from './admin-suite.ts'
import { changeSuite } from './change-suite.ts'
import { quotaSuite } from './quota-suite.ts'
import { audit, newKey, newSigningKey, SECRET } from './store-fixtures.ts'
import { usageSuite } from './usage-suite.ts'
import { verifierSuite } from './verifier-suite.ts'

/** Where an empty store is. */
interface Place {
  readonly location: string
  remove(): void
}

/** A store that is put to the suite. */
export interface StoreUnderTest {
  /** The module that opens it, and the name of its export: another process opens it by them. */
  readonly module: URL
  readonly exported: string
  /** Makes a place for a new store. */
  create(): Place | Promise<Place>
  open(location: string): Store | Promise<Store>
}

const PROCESS = fileURLToPath(new URL('store-process.ts', import.meta.url))

/** The duties of every store, as `store.ts` lists them. */
export function storeSuite(name: string, kind: StoreUnderTest): void {
  describe(name, () => {
    let place: Place
    let store: Store
    const opened: Store[] = []

    const open = async () => {
      const one = await kind.open(place.location)
      opened.push(one)
      return one
    }
    const close = async (one: Store) => {
      opened.splice(opened.indexOf(one), 1)
      await one.close()
    }
    const spawnOther = (...args: string[]) =>
      spawn(process.execPath, [PROCESS, kind.module.href, kind.exported, place.location, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    async function runOther(...args: string[]): Promise<string> {
      const child = spawnOther(...args)
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += chunk
      })
      const [code] = await once(child, 'close')
      expect(code).toBe(0)
      return output
    }
    const reopened = async () => {
      await close(store)
      store = await open()
    }
    const history = async (subject: string) => (await store.listAuditEntries(subject, 1000)).length

    beforeEach(async () => {
      place = await kind.create()
      store = await open()
    })
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close()
      place.remove()
    })

    describe('keys', () => {
      test('a key is there as it was written, after closing and opening too', async () => {
        const added = newKey()
        const rotated = rotateApiKey(added.key, { secret: 'ih_live_LEAK_2', overlapSeconds: 60, now: 1000 })
        const every = { ...rotated, direct: true, expiresAt: 2000, name: 'é 🎥 "quoted" \\ \' ; --' }
        await store.insertApiKey({ ...added, key: every })
        expect(await store.findApiKey(every.keyId)).toEqual(every)
        await reopened()
        expect(await store.findApiKey(every.keyId)).toEqual(every)
        expect(await store.findKeyCredentials(every.keyId)).toEqual({
          keyId: every.keyId,
          scopes: every.scopes,
          state: 'active',
          generation: 1,
          expiresAt: 2000,
          secretHash: hashSecret('ih_live_LEAK_2'),
          previousSecretHash: hashSecret(SECRET),
          previousSecretExpiresAt: 1060,
          direct: true,
          revision: 0,
          secretNumber: 2,
          previousSecretNumber: 1,
        })
      })

      test.each(['', "' or 1=1 --", 'ihk_\0', '\ud800', 'x'.repeat(16_000), '%', '_', '__proto__'])(
        'an id that is no id finds nothing',
        async (keyId) => {
          await store.insertApiKey(newKey())
          expect(await store.findKeyCredentials(keyId)).toBeUndefined()
          expect(await store.findApiKey(keyId)).toBeUndefined()
          expect(await store.changeApiKey(keyId, () => newKey())).toBeUndefined()
        },
      )

      test('a key is found by its secret, and by the one that a rotation lets live on', async () => {
        const added = newKey()
        const rotated = rotateApiKey(added.key, { secret: 'ih_live_LEAK_2', overlapSeconds: 60, now: 1000 })
        await store.insertApiKey({ ...added, key: rotated })
        const found = await store.findKeyCredentials(rotated.keyId)
        expect(found).toBeDefined()
        expect(await store.findKeyCredentialsBySecret(hashSecret('ih_live_LEAK_2'))).toEqual(found)
        expect(await store.findKeyCredentialsBySecret(hashSecret(SECRET))).toEqual(found)
        await store.changeApiKey(rotated.keyId, (key) => ({
          key: rotateApiKey(key, { secret: 'ih_live_LEAK_3', overlapSeconds: 0, now: 1001 }),
          audit: audit(rotated.keyId, 'key.rotate'),
        }))
        const after = await store.findKeyCredentialsBySecret(hashSecret('ih_live_LEAK_3'))
        expect(after?.keyId).toBe(rotated.keyId)
        for (const ended of ['ih_live_LEAK_2', SECRET])
          expect(await store.findKeyCredentialsBySecret(hashSecret(ended))).toBeUndefined()
      })

      test.each([
        Buffer.alloc(32),
        Buffer.alloc(0),
        Buffer.alloc(16_000, 1),
        hashSecret('ih_live_LEAK_other'),
      ])('a hash that is no key’s finds nothing, not even a key without a second secret', async (hash) => {
        await store.insertApiKey(newKey())
        expect(await store.findKeyCredentialsBySecret(hash)).toBeUndefined()
      })

      test('an id counts letter for letter: another case is another key', async () => {
        await store.insertApiKey(newKey(1000, 'ihk_aaaaaaaaaaaaaaaaaaaa'))
        expect(await store.findKeyCredentials('ihk_aaaaaaaaaaaaaaaaaaaA')).toBeUndefined()
        expect(await store.findKeyCredentials('ihk_aaaaaaaaaaaaaaaaaaaa ')).toBeUndefined()
      })

      test('a second key of the same id is refused, and the first stays with its one audit row', async () => {
        const added = newKey()
        await store.insertApiKey(added)
        await expect(store.insertApiKey({ ...added, key: { ...added.key, name: 'other' } })).rejects.toThrow()
        expect((await store.findApiKey(added.key.keyId))?.name).toBe('of a test')
        expect(await history(added.key.keyId)).toBe(1)
      })

      test('pages hold every key once, in order of creation, also where many were made in one second', async () => {
        const times = [3, 1, 2, 2, 2, 2, 2, 1, 3, 2, 2]
        for (const time of times) await store.insertApiKey(newKey(time))
        for (const limit of [1, 2, 3, 10, 11, 12]) {
          const seen: { createdAt: number; keyId: string }[] = []
          let after: string | null = null
          do {
            const page = await store.listApiKeys({ after, limit })
            expect(page.keys.length).toBeLessThanOrEqual(limit)
            seen.push(...page.keys)
            after = page.next
          } while (after !== null)
          expect(seen.map((key) => key.createdAt)).toEqual([...times].sort())
          expect(new Set(seen.map((key) => key.keyId)).size).toBe(times.length)
        }
      })

      test('a page after a key that does not exist is the first page, and of an empty store it is empty', async () => {
        expect(await store.listApiKeys({ after: null, limit: 5 })).toEqual({ keys: [], next: null })
        await store.insertApiKey(newKey())
        expect((await store.listApiKeys({ after: "' or 1=1 --", limit: 5 })).keys).toHaveLength(1)
      })
    })

    describe('changes', () => {
      test('a change and its audit row are written together', async () => {
        const { key } = await inserted()
        const changed = await store.changeApiKey(key.keyId, (current) => ({
          key: revokeApiKey(current),
          audit: audit(key.keyId, 'key.revoke'),
        }))
        expect(changed).toEqual({ ...key, state: 'revoked', generation: 2, revision: 1 })
        expect(await store.findApiKey(key.keyId)).toEqual(changed)
        const entries = await store.listAuditEntries(key.keyId, 10)
        expect(entries).toEqual([audit(key.keyId), audit(key.keyId, 'key.revoke')])
      })

      test('a change function that gives back the same key writes nothing, not even an audit row', async () => {
        const { key } = await inserted()
        await store.changeApiKey(key.keyId, (current) => ({ key: current, audit: audit(key.keyId) }))
        expect(await history(key.keyId)).toBe(1)
      })

      test('what a change function throws is thrown on, and nothing is written', async () => {
        const { key } = await inserted()
        const thrown = new Error('not allowed')
        const change = store.changeApiKey(key.keyId, () => {
          throw thrown
        })
        await expect(change).rejects.toBe(thrown)
        expect(await store.findApiKey(key.keyId)).toEqual(key)
        expect(await history(key.keyId)).toBe(1)
        await store.insertApiKey(newKey())
      })

      test('a row that the database refuses takes the audit row with it, and the other way round', async () => {
        const { key } = await inserted()
        const broken = { ...key, generation: 0 }
        await expect(
          store.changeApiKey(key.keyId, () => ({ key: broken, audit: audit(key.keyId) })),
        ).rejects.toThrow()
        const noAudit = { ...audit(key.keyId), actor: null as unknown as string }
        await expect(
          store.changeApiKey(key.keyId, (current) => ({ key: revokeApiKey(current), audit: noAudit })),
        ).rejects.toThrow()
        expect(await store.findApiKey(key.keyId)).toEqual(key)
        expect(await history(key.keyId)).toBe(1)
      })

      test('of many changes of one key at once, from several processes, none is lost', async () => {
        const { key } = await inserted()
        const raise = () =>
          store.changeApiKey(key.keyId, (current) => ({
            key: { ...current, generation: current.generation + 1 },
            audit: audit(key.keyId, 'key.disable'),
          }))
        await Promise.all([
          ...Array.from({ length: 30 }, raise),
          runOther('raiseGeneration', key.keyId, '20'),
          runOther('raiseGeneration', key.keyId, '20'),
        ])
        expect((await store.findApiKey(key.keyId))?.generation).toBe(1 + 30 + 40)
        expect(await history(key.keyId)).toBe(1 + 30 + 40)
      })

      test('a change by another process is seen by the very next look-up', async () => {
        const { key } = await inserted()
        expect((await store.findKeyCredentials(key.keyId))?.state).toBe('active')
        await runOther('revoke', key.keyId)
        expect((await store.findKeyCredentials(key.keyId))?.state).toBe('revoked')
        expect((await store.findApiKey(key.keyId))?.state).toBe('revoked')
      })

      test('a key that another process says it has written is there at once, however many are looked up', async () => {
        const missing: string[] = []
        const writeKeys = async () => {
          const child = spawnOther('insert', '100')
          // Whoever hears of the key looks it up in that very turn.
          child.stdout.setEncoding('utf8').on('data', (lines: string) => {
            for (const keyId of lines.trim().split('\n'))
              void store.findKeyCredentials(JSON.parse(keyId)).then((found) => {
                if (found === undefined) missing.push(keyId)
              })
          })
          expect((await once(child, 'close'))[0]).toBe(0)
        }
        await Promise.all([writeKeys(), writeKeys()])
        expect(missing).toEqual([])
        expect((await store.listApiKeys({ after: null, limit: 300 })).keys).toHaveLength(200)
      })

      test('look-ups go on while another connection changes, and see whole rows only', async () => {
        const { key } = await inserted()
        const other = await open()
        let changing = true
        const changes = (async () => {
          for (let generation = 2; generation <= 40; generation += 1)
            await other.changeApiKey(key.keyId, (current) => ({
              key: { ...current, generation, expiresAt: generation },
              audit: audit(key.keyId),
            }))
          changing = false
        })()
        while (changing) {
          const found = await store.findKeyCredentials(key.keyId)
          expect(found?.expiresAt ?? 1).toBe(found?.generation)
          await new Promise((resolve) => setImmediate(resolve))
        }
        await changes
      })

      test('the newest audit rows come, oldest first', async () => {
        const { key } = await inserted()
        for (let at = 1; at <= 5; at += 1)
          await store.changeApiKey(key.keyId, (current) => ({
            key: { ...current },
            audit: { ...audit(key.keyId), at },
          }))
        expect((await store.listAuditEntries(key.keyId, 3)).map((entry) => entry.at)).toEqual([3, 4, 5])
        expect(await store.listAuditEntries('ihk_other', 3)).toEqual([])
      })
    })

    describe('revoked tokens', () => {
      const revoke = (tokenId: string, revokedAt: number, expiresAt: number) =>
        store.revokeToken({ tokenId, revokedAt, expiresAt }, audit(tokenId, 'client_token.revoke'))

      test('a revocation and its audit row are written together, once, and outlast closing and opening', async () => {
        await Promise.all([revoke('a', 1000, 2000), revoke('a', 1000, 2000), revoke('b', 1000, 2000)])
        await reopened()
        await revoke('a', 1999, 2000)
        expect(await history('a')).toBe(1)
        expect(await history('b')).toBe(1)
      })

      test('a revocation outlasts its time by more than a clock is set ahead, to the second, and is dropped by the next one', async () => {
        await revoke('a', 1000, 2000)
        await revoke('other', 9199, 9999)
        expect(await store.isTokenRevoked('a')).toBe(true)
        await revoke('a', 9199, 9999)
        expect(await history('a')).toBe(1)
        await revoke('another', 9200, 9999)
        expect(await store.isTokenRevoked('a')).toBe(false)
        expect(await store.isTokenRevoked('other')).toBe(true)
      })

      test('of an audit row that the database refuses nothing is written', async () => {
        const broken = { ...audit('a'), actor: null as unknown as string }
        const revocation = { tokenId: 'a', revokedAt: 1000, expiresAt: 2000 }
        await expect(store.revokeToken(revocation, broken)).rejects.toThrow()
        await revoke('a', 1000, 2000)
        expect(await history('a')).toBe(1)
      })
    })

    changeSuite(() => store, open)
    verifierSuite(() => store)
    adminSuite(() => store)
    quotaSuite(() => store, open)
    usageSuite(() => store)

    describe('the first key', () => {
      test('eight that try at once make one', async () => {
        const tries = Array.from({ length: 8 }, () => store.insertFirstApiKey(newKey(), () => {}))
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        expect((await store.listApiKeys({ after: null, limit: 10 })).keys).toHaveLength(1)
      })

      test('three processes of eight callers make one', async () => {
        const made = await Promise.all([1, 2, 3].map(() => runOther('insertFirst')))
        expect(made.map(Number).reduce((sum, one) => sum + one, 0)).toBe(1)
        expect((await store.listApiKeys({ after: null, limit: 10 })).keys).toHaveLength(1)
      })

      test('what runs before the commit runs once, and only where the key is the first', async () => {
        let runs = 0
        const count = () => {
          runs += 1
        }
        expect(await store.insertFirstApiKey(newKey(), count)).toBe(true)
        expect(await store.insertFirstApiKey(newKey(), count)).toBe(false)
        expect(runs).toBe(1)
      })

      test('if it throws, there is neither key nor audit row, and the next one is the first', async () => {
        const added = newKey()
        const thrown = new Error('the disk is full')
        const first = store.insertFirstApiKey(added, () => {
          throw thrown
        })
        await expect(first).rejects.toBe(thrown)
        expect(await store.findApiKey(added.key.keyId)).toBeUndefined()
        expect(await history(added.key.keyId)).toBe(0)
        expect(await store.insertFirstApiKey(newKey(), () => {})).toBe(true)
      })
    })

    describe('many keys at once', () => {
      test('are there with their audit rows, chained one behind the other, and what runs before the commit has run', async () => {
        const added = Array.from({ length: 250 }, () => newKey())
        let runs = 0
        await store.insertApiKeys(added, () => {
          runs += 1
        })
        expect(runs).toBe(1)
        for (const { key } of [added[0], added[99], added[100], added[249]] as AuditedKey[]) {
          expect(await store.findApiKey(key.keyId)).toEqual(key)
          expect(await history(key.keyId)).toBe(1)
        }
        expect((await store.listApiKeys({ after: null, limit: 1000 })).keys).toHaveLength(250)
      })

      test('are none if that throws, or one of them is there already', async () => {
        const [one, other] = [newKey(), newKey()]
        const thrown = new Error('the disk is full')
        const failing = store.insertApiKeys([one, other], () => {
          throw thrown
        })
        await expect(failing).rejects.toBe(thrown)
        await store.insertApiKey(other)
        await expect(store.insertApiKeys([one, other], () => {})).rejects.toThrow()
        expect(await store.findApiKey(one.key.keyId)).toBeUndefined()
        expect(await history(one.key.keyId)).toBe(0)
        expect(await history(other.key.keyId)).toBe(1)
      })
    })

    describe('signing keys and settings', () => {
      const insert = (...keys: SigningKey[]) =>
        store.changeSigningKeys(
          () => ({ insert: keys, update: [] }),
          (change) => change.insert.map((key) => audit(key.kid, 'signing_key.create')),
        )

      test('signing keys are there as they were written, after opening again too', async () => {
        const keys = [newSigningKey('active'), newSigningKey('next')]
        const sorted = [...keys].sort((a, b) => (a.kid < b.kid ? -1 : 1))
        expect(await insert(...keys)).toEqual(sorted)
        await reopened()
        expect(await store.listSigningKeys()).toEqual(sorted)
        for (const key of keys) expect(await history(key.kid)).toBe(1)
      })

      test('the plan sees what is kept, and its updates are written', async () => {
        const active = newSigningKey('active')
        await insert(active)
        const retired = { ...active, state: 'retired', retiredAt: 2000 } as const
        const after = await store.changeSigningKeys(
          (held) => {
            expect(held).toEqual([active])
            return { insert: [], update: [retired] }
          },
          () => [audit(active.kid, 'signing_key.retire')],
        )
        expect(after).toEqual([retired])
      })

      test('there can be no two active keys, and a plan that throws or asks for them writes nothing', async () => {
        const active = newSigningKey('active')
        await insert(active)
        await expect(insert(newSigningKey('next'), newSigningKey('active'))).rejects.toThrow()
        const thrown = new Error('no')
        const broken = store.changeSigningKeys(
          () => ({ insert: [newSigningKey('next')], update: [] }),
          () => {
            throw thrown
          },
        )
        await expect(broken).rejects.toBe(thrown)
        expect(await store.listSigningKeys()).toEqual([active])
      })

      test('processes that plan at once do not plan on the same view', async () => {
        const seen = await Promise.all([1, 2, 3].map(() => runOther('settleSigningKey')))
        expect(new Set(seen).size).toBe(1)
        expect(await store.listSigningKeys()).toHaveLength(1)
      })

      test('a setting is settled once, whoever asks at the same time, and kept', async () => {
        const here = Promise.all(['a', 'b', 'c'].map((value) => store.settle('issuer', value)))
        const there = runOther('settle', 'issuer', 'd').then((text) => JSON.parse(text) as string)
        const settled = new Set([...(await here), await there])
        expect(settled.size).toBe(1)
        await reopened()
        expect(settled.has(await store.settle('issuer', 'e'))).toBe(true)
        expect(await store.settle('other', 'e')).toBe('e')
      })
    })

    test('what was acknowledged survives a kill of the process that wrote it', async () => {
      const child = spawnOther('insert', '1000000')
      let output = ''
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk) => {
          output += chunk
          if (output.split('\n').length > 25) resolve()
        })
      })
      child.kill('SIGKILL')
      await once(child, 'close')
      const acknowledged = output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as string)
      expect(acknowledged.length).toBeGreaterThanOrEqual(25)
      for (const keyId of acknowledged) {
        expect(await store.findApiKey(keyId)).toBeDefined()
        expect(await history(keyId)).toBe(1)
      }
      const { keys } = await store.listApiKeys({ after: null, limit: 10_000 })
      for (const key of keys) expect(await history(key.keyId)).toBe(1)
    })

    test('a store that answers says so, one that is closed does not', async () => {
      await store.ping()
      await close(store)
      await expect(store.ping()).rejects.toThrow()
      await expect(store.findKeyCredentials('ihk_a')).rejects.toThrow()
    })

    async function inserted() {
      const added = newKey()
      await store.insertApiKey(added)
      return added
    }
  })
}
