import { describe, expect, it } from 'vitest'
import { REFETCH_AFTER_LOSS_MS } from '../src/key-set.ts'
import type { Refusal } from '../src/refusal.ts'
import { clientToken, compact, es256, NOW, sourceOf } from './support/signing.ts'
import { listen, type ServedFeed, startFeed, until } from './support/start-feed.ts'
import { body, says, startKeySet } from './support/start-key-set.ts'
import { key, verifier } from './support/verifying.ts'

const KEY_ID = 'ihk_00000000000000000001'
const token = compact(key)
const client = clientToken(key).token
const refusal = (error: Refusal['error'], reason: Refusal['reason']) => ({ refusal: { error, reason } })

/** A verifier behind a feed that says something first. */
async function start(says: (served: ServedFeed) => void = () => undefined, options = {}) {
  const { url, feeds } = await startFeed((served) => {
    says(served)
    served.ready(5)
    served.heartbeat()
  })
  const revocations = listen(url, options)
  return { feeds, revocations, verify: verifier({ revocations }) }
}

describe('a token that is good otherwise', () => {
  it('is good while nothing ends it; the first one waits until the feed has said so', async () => {
    const { verify } = await start()
    expect(await verify(token)).toHaveProperty('claims')
    expect(await verify(client)).toHaveProperty('caps')
  })

  it('attack 33: dies with its key, whatever its kind: revoked, disabled, rotated without overlap', async () => {
    const { verify } = await start((served) =>
      served.change({ kind: 'key', keyId: KEY_ID, generation: 4 }, 1),
    )
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'key_revoked'))
    expect(await verify(client)).toEqual(refusal('clientTokenRevoked', 'key_revoked'))
  })

  it('attack 21: of a key whose scopes were cut dies, and one issued after that is good', async () => {
    const { verify, feeds, revocations } = await start()
    expect(await verify(token)).toHaveProperty('claims')
    feeds[0]?.change({ kind: 'key', keyId: KEY_ID, generation: 4 }, 6)
    await until(() => revocations.state().lastEventId === 'epoch-1.6')
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'key_revoked'))
    expect(await verify(clientToken(key, { gen: 4 }).token)).toHaveProperty('claims')
  })

  it('of another key, or of the generation in force, stays good', async () => {
    const { verify } = await start((served) => {
      served.change({ kind: 'key', keyId: 'ihk_other', generation: 9 }, 1)
      served.change({ kind: 'key', keyId: KEY_ID, generation: 3 }, 2)
    })
    expect(await verify(token)).toHaveProperty('claims')
  })

  it('dies by its own id', async () => {
    const { verify } = await start((served) =>
      served.change({ kind: 'token', tokenId: 'token-1', expiresAt: NOW + 900 }, 1),
    )
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'token_revoked'))
    expect(await verify(client)).toEqual(refusal('clientTokenRevoked', 'token_revoked'))
  })

  it('attack 15: dies with a signing key that is lost, though the key set still has it, and no key is looked up', async () => {
    const lookedUp: string[] = []
    const other = es256('es-2')
    const keys = {
      find(kid: string) {
        lookedUp.push(kid)
        return sourceOf(key, other).find(kid)
      },
    }
    const { revocations } = await start((served) => served.change({ kind: 'signing-key', kid: key.kid }, 1))
    await revocations.started
    const verify = verifier({ keys, revocations })
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'signing_key_revoked'))
    expect(await verify(client)).toEqual(refusal('clientTokenRevoked', 'signing_key_revoked'))
    expect(lookedUp).toEqual([])
    expect(await verify(compact(other))).toHaveProperty('claims')
  })

  it('attack 15: of a lost key stays dead though a key set that is fetched for its successor has it still', async () => {
    const next = es256('es-2')
    const answer = { listener: says(body(key)) }
    const { keys, seen } = await startKeySet(answer)
    const { revocations, feeds } = await start()
    const verify = verifier({ keys, revocations })
    expect(await verify(token)).toHaveProperty('claims')
    expect(await verify(compact(next))).toEqual(refusal('invalidCredentials', 'key_unknown'))
    answer.listener = says(body(key, next))
    seen.clock += REFETCH_AFTER_LOSS_MS
    expect(await verify(compact(next))).toEqual(refusal('invalidCredentials', 'key_unknown'))
    feeds[0]?.change({ kind: 'signing-key', kid: key.kid }, 6)
    await until(() => revocations.isDeadSigningKey(key.kid))
    expect(await verify(compact(next))).toHaveProperty('claims')
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'signing_key_revoked'))
    expect(seen.requests).toBe(2)
  })

  it('attack 15: dies with a signing key that is lost while its signature is checked', async () => {
    const { revocations, feeds } = await start()
    await revocations.started
    const keys = {
      async find(kid: string) {
        feeds[0]?.change({ kind: 'signing-key', kid }, 6)
        await until(() => revocations.isDeadSigningKey(kid))
        return sourceOf(key).find(kid)
      },
    }
    const verify = verifier({ keys, revocations })
    expect(await verify(token)).toEqual(refusal('invalidCredentials', 'signing_key_revoked'))
  })
})

describe('a token that is bad', () => {
  it('is told nothing of revocations, nor that the feed cannot be had', async () => {
    const revocations = listen('http://127.0.0.1:1')
    const verify = verifier({ revocations })
    expect(await verify(compact(es256(key.kid)))).toEqual(refusal('invalidCredentials', 'signature'))
    expect(await verify(compact(key, { iat: 1 }))).toEqual(refusal('invalidCredentials', 'claims_malformed'))
  })
})

describe('without a living feed', () => {
  it('nothing can be told of a good token: 503, never 401 and never a grant', async () => {
    const verify = verifier({ revocations: listen('http://127.0.0.1:1') })
    const refused = { error: 'unavailable', reason: 'revocations_unknown' }
    const detail = 'the feed could not be reached (ECONNREFUSED)'
    expect(await verify(token)).toEqual({ refusal: { ...refused, detail } })
    expect(await verify(client)).toEqual({ refusal: { ...refused, detail } })
  })

  it('it is good where the operator chose so', async () => {
    const verify = verifier({ revocations: listen('http://127.0.0.1:1', { staleness: 'accept' }) })
    expect(await verify(token)).toHaveProperty('claims')
  })
})
