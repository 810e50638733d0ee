import { ADMIN_PATHS, ERRORS, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  exchange,
  isActive,
  keyPath,
  type NodeGroup,
  ready,
  type ShownKey,
  settle,
  startNodeGroup,
} from './support/node-group.ts'
import type { ServiceNode } from './support/start-node.ts'
import { makeSteppedClock, type SteppedClock } from './support/step-clock.ts'

// Each change of a key, made through the operator's API of each of three nodes: it is in force there when the call returns,
// and on the others soon. Section "Revocation on many nodes" of docs/operations.md.

const HOUR = 3600

let clock: SteppedClock | undefined
let group: NodeGroup
let verifier: string
beforeAll(async () => {
  clock = makeSteppedClock()
  // The last one has a clock of its own, where the machine has the library for it.
  group = await startNodeGroup([{}, {}, clock?.env ?? {}])
  verifier = (await group.createVerifier()).secret
}, 120_000)
afterAll(async () => {
  await group?.remove()
  clock?.remove()
})

/** A change of a key, and what its secret of before is answered then; its tokens of before are dead. */
interface KeyChange {
  readonly name: string
  /** Makes it through one node. */
  make(node: ServiceNode, keyId: string): Promise<Record<string, unknown>>
  readonly refused: { readonly status: number; readonly errorId: string }
}

const CREDENTIALS = { status: 401, errorId: ERRORS.invalidCredentials.id }
const CHANGES: readonly KeyChange[] = [
  {
    name: 'revoked',
    make: (node, keyId) => group.ask(node, 'POST', keyPath('keyRevoke', keyId), {}),
    refused: CREDENTIALS,
  },
  {
    name: 'disabled',
    make: (node, keyId) => group.ask(node, 'PATCH', keyPath('key', keyId), { state: 'disabled' }),
    refused: CREDENTIALS,
  },
  {
    name: 'expired',
    make: (node, keyId) => group.ask(node, 'POST', keyPath('keyExpire', keyId), {}),
    refused: CREDENTIALS,
  },
  {
    name: 'rotated without overlap',
    make: (node, keyId) => group.ask(node, 'POST', keyPath('keyRotate', keyId), { overlap_seconds: 0 }),
    refused: CREDENTIALS,
  },
  {
    name: 'cut in its scopes',
    make: (node, keyId) => group.ask(node, 'PATCH', keyPath('key', keyId), { scopes: [STREAM_SCOPE] }),
    refused: { status: 403, errorId: ERRORS.insufficientScope.id },
  },
]

/** Makes a change through one node, asks that node at once, and the others until it is in force there too. */
async function expectInForce(maker: ServiceNode, { make, refused }: KeyChange): Promise<void> {
  const asked = { name: 'test', scopes: [UPLOAD_SCOPE, STREAM_SCOPE] }
  const key = (await group.ask(maker, 'POST', ADMIN_PATHS.keys, asked)) as unknown as ShownKey
  // Every node remembers it from here on.
  const before = await Promise.all(group.nodes.map((node) => exchange(node, key)))
  expect(before.map(({ status }) => status)).toEqual([200, 200, 200])
  const live = (node: ServiceNode) => Promise.all(before.map(({ token }) => isActive(node, verifier, token)))
  const dead = before.map(() => false)
  const rotated = (await make(maker, key.key_id)) as Partial<ShownKey>

  const [at, tokens] = await Promise.all([exchange(maker, key), live(maker)])
  expect([at, tokens]).toEqual([{ ...refused, token: '' }, dead])
  await group.settleEverywhere(key, refused.status)
  for (const node of group.nodes) {
    expect(await exchange(node, key)).toEqual({ ...refused, token: '' })
    expect(await live(node)).toEqual(dead)
  }
  const { key_secret } = rotated
  if (key_secret !== undefined)
    expect(await group.exchangeEverywhere({ ...key, key_secret })).toEqual([200, 200, 200])
}

/** Lets the database tell its listeners of changes, or not. */
async function setTelling(state: 'enable' | 'disable'): Promise<void> {
  const client = new Client({ connectionString: group.postgres.url() })
  await client.connect()
  await client.query(`alter table change_head ${state} trigger change_head_tells`)
  await client.end()
}

describe.each([
  ['all is well', 0, 'enable'],
  // What a node has changed itself it must not have to be told.
  ['the database tells no node of changes', 0, 'disable'],
  ['the clock of one of three nodes is an hour ahead', HOUR, 'enable'],
  ['the clock of one of three nodes is an hour behind', -HOUR, 'enable'],
] as const)('while %s', (_name, seconds, telling) => {
  beforeEach(async (context) => {
    if (clock === undefined && seconds !== 0)
      return context.skip('no libfaketime on this machine (Debian: faketime)')
    await setTelling(telling)
    clock?.step(seconds)
    // It says so, and goes on by the time of the database.
    const own = group.nodes[2] as ServiceNode
    const status = seconds === 0 ? 200 : 503
    await settle(
      `it answers ${status} when asked whether it is ready`,
      async () => (await ready(own)) === status,
    )
  })

  test.each(CHANGES)(
    'a key that is $name by the API of a node is so there when the call returns, and soon on every node',
    async (change) => {
      for (const maker of group.nodes) await expectInForce(maker, change)
    },
  )
})
