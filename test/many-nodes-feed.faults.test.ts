import { ADMIN_PATHS, OAUTH_REVOCATION_PATH } from '@interhuman-auth/protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { acknowledge, type FollowedFeed, followFeed } from './support/follow-feed.ts'
import {
  exchange,
  isActive,
  keyPath,
  type NodeGroup,
  type ShownKey,
  settle,
  startNodeGroup,
} from './support/node-group.ts'
import type { ServiceNode } from './support/start-node.ts'

// The revocation feed of each of three nodes on PostgreSQL gives what another node did, and an acknowledgement may reach any
// of them: a load balancer does not know whose feed it is. Our contract, section 6.

let group: NodeGroup
beforeAll(async () => {
  group = await startNodeGroup()
}, 120_000)
afterAll(() => group?.remove())

const feeds: FollowedFeed[] = []
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close()
})

async function follow(node: ServiceNode, secret: string): Promise<FollowedFeed> {
  const feed = await followFeed(node.url, secret)
  feeds.push(feed)
  return feed
}

const followEverywhere = (secret: string) => Promise.all(group.nodes.map((node) => follow(node, secret)))

async function createToken(node: ServiceNode): Promise<{ key: ShownKey; token: string; id: string }> {
  const key = await group.createKey()
  const { token } = await exchange(node, key)
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return { key, token, id: String(payload.jti) }
}

/** Waits until a token is dead at every node. */
const settleDead = (token: string, verifier: string) =>
  settle('the token is dead at every node', async () =>
    (await Promise.all(group.nodes.map((node) => isActive(node, verifier, token)))).every((live) => !live),
  )

test('the feed of every node tells which key, which token and which signing key another node has ended', async () => {
  const [node, other] = group.nodes as [ServiceNode, ServiceNode]
  const { secret } = await group.createVerifier()
  const all = await followEverywhere(secret)
  for (const feed of all) await feed.next('ready')

  const { key } = await createToken(other)
  await group.ask(node, 'POST', keyPath('keyRevoke', key.key_id), {})
  for (const feed of all)
    expect((await feed.next('key', { key_id: key.key_id })).data).toEqual({
      key_id: key.key_id,
      generation: 2,
    })

  const ended = await createToken(other)
  expect(await isActive(other, secret, ended.token)).toBe(true)
  const answer = await fetch(node.url + OAUTH_REVOCATION_PATH, {
    method: 'POST',
    body: new URLSearchParams({
      token: ended.token,
      client_id: ended.key.key_id,
      client_secret: ended.key.key_secret,
    }),
  })
  expect(answer.status).toBe(200)
  expect(await isActive(node, secret, ended.token)).toBe(false)
  for (const feed of all) await feed.next('token', { jti: ended.id })
  await settleDead(ended.token, secret)

  const signed = await createToken(other)
  const { kid } = JSON.parse(Buffer.from(signed.token.split('.')[0] ?? '', 'base64url').toString())
  expect(await isActive(other, secret, signed.token)).toBe(true)
  await group.ask(node, 'POST', ADMIN_PATHS.signingKeyRevoke.replace('{kid}', kid), {})
  expect(await isActive(node, secret, signed.token)).toBe(false)
  for (const feed of all) expect((await feed.next('signing-key')).data).toEqual({ kid })
  await settleDead(signed.token, secret)
}, 120_000)

test('a verifier that is revoked at one node has its feed cut at every node, and gets no other', async () => {
  const [node] = group.nodes as [ServiceNode]
  const { id, secret } = await group.createVerifier()
  const neighbour = await group.createVerifier()
  const all = await followEverywhere(secret)
  const neighbours = await followEverywhere(neighbour.secret)
  for (const feed of [...all, ...neighbours]) await feed.next('ready')
  await group.ask(node, 'POST', ADMIN_PATHS.verifierRevoke.replace('{verifier_id}', id), {})
  await Promise.all(all.map(({ ended }) => ended))
  for (const each of group.nodes)
    await expect(follow(each, secret)).rejects.toThrow('the feed is refused with 401')
  // Those of another verifier go on.
  const key = await group.createKey()
  await group.ask(node, 'POST', keyPath('keyRevoke', key.key_id), {})
  for (const feed of neighbours) await feed.next('key', { key_id: key.key_id })
}, 60_000)

test('an acknowledgement that reaches another node than the one whose feed it is counts, and --wait returns', async () => {
  const [node, other] = group.nodes as [ServiceNode, ServiceNode]
  const { id: verifierId, secret } = await group.createVerifier()
  const feed = await follow(node, secret)
  const lease = String((await feed.next('ready')).data.lease)
  const key = await group.createKey()
  const expectMissed = async () => {
    const missed = await group.tryRun('keys', 'disable', key.key_id, '--wait', '--timeout', '1')
    expect(missed.code).toBe(1)
    expect(missed.stderr).toContain(`verifier ${verifierId} (lease ${lease})`)
    expect(missed.stderr).not.toMatch(/^ *node /m)
  }
  await expectMissed()
  // Nobody acknowledges for it who is not it.
  const stranger = await group.createVerifier()
  const disabled = await feed.next('key', { key_id: key.key_id, generation: 2 })
  for (const { url } of group.nodes)
    expect(await acknowledge(url, stranger.secret, lease, disabled.id)).toBe(200)
  await expectMissed()

  const waiting = group.tryRun('keys', 'revoke', key.key_id, '--wait', '--timeout', '20')
  const revoked = await feed.next('key', { key_id: key.key_id, generation: 3 })
  expect(await acknowledge(other.url, secret, lease, revoked.id)).toBe(200)
  const done = await waiting
  expect(done.stderr).toMatch(/in force at 3 nodes and 1 verifier /)
  expect(done.code).toBe(0)
}, 60_000)
