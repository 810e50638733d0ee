import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier, keySet, type Verify } from '@interhuman-auth/guard'
import { KEY_SET_PATH, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAccessTokenSigner } from '../src/access-token.ts'
import { createClientTokenSigner } from '../src/client-token.ts'
import type { LiveSigningKeys } from '../src/live-signing-keys.ts'
import { loseSigningKey } from '../src/operations/lose-signing-key.ts'
import { rotateDueSigningKeys, rotateSigningKeys } from '../src/operations/rotate-signing-keys.ts'
import { keySetRoute } from '../src/routes/key-set.ts'
import { KEY_SET_MAX_AGE_SECONDS, PUBLISHED_BEFORE_SIGNING_SECONDS } from '../src/signing-keys.ts'
import { openSigningStore, type SigningStore } from './support/signing-store.ts'

// Guards with a real key set behind a real socket; only the clock is turned by hand.

const ISSUER = 'https://issuer.test'
const parties = { issuer: ISSUER, audience: ISSUER }
const key = { keyId: 'ihk_00000000000000000000', generation: 1, scope: UPLOAD_SCOPE }

let at: SigningStore
let closing: (() => Promise<void>)[]
beforeEach(() => {
  at = openSigningStore()
  closing = []
})
afterEach(async () => {
  for (const close of closing) await close()
  await at.close()
})

interface Node {
  readonly live: LiveSigningKeys
  readonly url: string
  issue(): string
  issueClientToken(): string
}

async function startNode(): Promise<Node> {
  const live = await at.start()
  const { url, close } = await serveKeySet(live)
  closing.push(close)
  const sign = createAccessTokenSigner((claims) => live.signers().accessToken(claims), {
    ...parties,
    newTokenId: randomUUID,
  })
  const signClientToken = createClientTokenSigner((claims) => live.signers().clientToken(claims), parties)
  const caps = { maxConcurrent: 1 }
  return {
    live,
    url,
    issue: () => sign({ ...key, issuedAt: at.clock }),
    issueClientToken: () =>
      signClientToken({ ...key, tokenId: randomUUID(), issuedAt: at.clock, lifetimeSeconds: 3600, caps }),
  }
}

/** The route of the key set behind a real socket. */
async function serveKeySet(live: LiveSigningKeys) {
  const route = keySetRoute(() => live.keySet())
  const server = createServer(async (request, response) => {
    const { headers, body } = await route.handler(request as never)
    response.writeHead(200, headers).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${KEY_SET_PATH}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A guard that fetches when its own time comes: each has seen the key set at another moment. */
function startGuard(url: string): Verify {
  const keys = keySet(url, { now: () => at.clock * 1000 })
  return createVerifier({ issuer: ISSUER, keys, acceptClientTokens: true, now: () => at.clock * 1000 })
}

test('50 rotations under load, two of them to another algorithm: no guard refuses a token before its end', async () => {
  const [first, second] = [await startNode(), await startNode()]
  const guards: Verify[] = []
  const refused: unknown[] = []
  let tokens: { readonly token: string; readonly expiresAt: number }[] = []
  let [verified, rotations] = [0, 0]

  function issue(): void {
    for (const node of [first, second]) tokens.push({ token: node.issue(), expiresAt: at.clock + 900 })
    if (rotations % 5 === 0) tokens.push({ token: second.issueClientToken(), expiresAt: at.clock + 3600 })
  }

  async function verifyAll(used = tokens): Promise<void> {
    await Promise.all(
      guards.flatMap((verify) =>
        used.map(async ({ token }) => {
          const result = await verify(token)
          if ('refusal' in result) refused.push({ rotations, ...result.refusal })
          verified += 1
        }),
      ),
    )
  }

  /** Key sets of every age are about: guards come up in between, each fetches when its own time has come. */
  async function pass(seconds: number): Promise<void> {
    for (const part of [1, 150, seconds - 151]) {
      at.clock += part
      tokens = tokens.filter((token) => at.clock < token.expiresAt)
      issue()
      if (guards.length < 3) guards.push(startGuard(guards.length % 2 === 0 ? first.url : second.url))
      await verifyAll(tokens.slice(-2))
    }
  }

  while (rotations < 50) {
    await pass(PUBLISHED_BEFORE_SIGNING_SECONDS)
    if (rotations === 15 || rotations === 30) {
      await at.start({ algorithm: rotations === 15 ? 'EdDSA' : 'ES256' })
      await first.live.reload()
      await pass(PUBLISHED_BEFORE_SIGNING_SECONDS - 1)
      await second.live.reload()
      await pass(152)
    }
    await Promise.all([rotateSigningKeys(at.tools, { forced: false }, at.by()), verifyAll()])
    // One node hears later than the other: both sign meanwhile, each with the key that it knows.
    await first.live.reload()
    issue()
    await verifyAll(tokens.slice(-2))
    await second.live.reload()
    expect(second.live.signers().kid).toBe(first.live.signers().kid)
    rotations += 1
  }
  expect(refused.slice(0, 5)).toEqual([])
  expect(verified).toBeGreaterThan(5_000)
}, 60_000)

test('rotation by the clock: a guard that keeps its key set as long as it may never meets a key that it does not know', async () => {
  const node = await startNode()
  const verify = startGuard(node.url)
  for (let turn = 0; turn < 12; turn += 1) {
    // Fetched in the second before the rotation, so that the next key that comes with it is not in it.
    at.clock += 86_400 - 1
    expect(await verify(node.issue())).toHaveProperty('claims')
    at.clock += 1
    await rotateDueSigningKeys(at.tools, 86_400, at.by())
    await node.live.reload()
    expect(await verify(node.issue())).toHaveProperty('claims')
    at.clock += KEY_SET_MAX_AGE_SECONDS - 2
    expect(await verify(node.issue())).toHaveProperty('claims')
  }
})

test('the drill for a stolen key: tokens of it are refused by each guard from its next key set on, and by the node at once', async () => {
  const node = await startNode()
  const verify = startGuard(node.url)
  const stolen = node.issue()
  const { kid } = node.live.signers()
  expect(await verify(stolen)).toHaveProperty('claims')
  await loseSigningKey(at.tools, kid, at.by())
  await node.live.reload()
  expect(node.live.verificationKey(kid)).toBeUndefined()
  expect(await verify(node.issue())).toHaveProperty('claims')
  at.clock += KEY_SET_MAX_AGE_SECONDS
  expect(await verify(node.issue())).toHaveProperty('claims')
  expect(await verify(stolen)).toMatchObject({ refusal: { reason: 'key_unknown' } })
})
