import {
  ADMIN_PATHS,
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  TOKEN_ENDPOINTS,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { expect } from 'vitest'
import type { ServiceNode } from './start-node.ts'

interface Key {
  readonly key_id: string
  readonly key_secret: string
}

interface Token {
  readonly token: string
  readonly id: string
}

/** One of each thing that a store holds, and of those that are dead. */
export interface OneOfEach {
  readonly key: Key
  readonly rotated: Key
  readonly revokedKey: Key
  readonly adminToken: string
  readonly deadAdminToken: string
  readonly verifierSecret: string
  /** Made by a request to the operator's API that may be repeated. */
  readonly keyOnce: string
  readonly access: string
  readonly revokedAccess: string
  /** The first is revoked. */
  readonly client: readonly [Token, Token, Token]
}

/** Makes them by the commands and by the running node, which has an operator's API. */
export async function makeOneOfEach(node: ServiceNode): Promise<OneOfEach> {
  const command = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await node.run(...words, '--json')
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }
  const createKey = (): Promise<Key> => command('keys', 'create', '--name', 'test', '--scope', UPLOAD_SCOPE)
  const [key, rotated, revokedKey] = [await createKey(), await createKey(), await createKey()]
  const { key_secret } = await command('keys', 'rotate', rotated.key_id)
  await command('keys', 'revoke', revokedKey.key_id)
  const { verifier_secret: verifierSecret } = await command('verifiers', 'create', '--name', 'v')
  const { admin_token: adminToken } = await command('admin-tokens', 'create', '--name', 'a')
  const dead = await command('admin-tokens', 'create', '--name', 'dead')
  await command('admin-tokens', 'revoke', dead.admin_token_id)
  const issue = async (path: string): Promise<Token> => {
    const { body } = await send(node, path, key, { scopes: [UPLOAD_SCOPE], expires_in: 3600 })
    return { token: body.access_token ?? '', id: body.token_id ?? '' }
  }
  const access = (await issue(TOKEN_ENDPOINTS.v1)).token
  const revokedAccess = (await issue(TOKEN_ENDPOINTS.v1)).token
  await revokeAccessToken(node, key, revokedAccess)
  const issueClientToken = () => issue(CLIENT_TOKENS_PATH)
  const client = [await issueClientToken(), await issueClientToken(), await issueClientToken()] as const
  await revokeClientToken(node, key, client[0].id)
  const keyOnce = (await createKeyOnce(node, adminToken)).keyId
  const keys = { key, rotated: { ...rotated, key_secret }, revokedKey, keyOnce }
  return {
    ...{ ...keys, adminToken, deadAdminToken: dead.admin_token, verifierSecret },
    ...{ access, revokedAccess, client },
  }
}

/**
 * Expects of a node that each of them works, or is dead, and revokes the next client token by its id.
 *
 * @param revoked how many of the client tokens are revoked so far.
 */
export async function expectOneOfEach(node: ServiceNode, made: OneOfEach, revoked: 1 | 2): Promise<void> {
  const exchange = async (key: Key) =>
    (await send(node, TOKEN_ENDPOINTS.v1, key, { scopes: [UPLOAD_SCOPE] })).status
  expect(await exchange(made.key)).toBe(200)
  expect(await exchange(made.rotated)).toBe(200)
  expect(await exchange(made.revokedKey)).toBe(401)
  expect(await createKeyOnce(node, made.adminToken)).toEqual({ status: 201, keyId: made.keyOnce })
  expect((await createKeyOnce(node, made.deadAdminToken)).status).toBe(401)
  const tokens = [made.access, made.revokedAccess, ...made.client.map(({ token }) => token)]
  const readActive = () => Promise.all(tokens.map((token) => isActive(node, made.verifierSecret, token)))
  expect(await readActive()).toEqual([true, false, ...[0, 1, 2].map((index) => index >= revoked)])
  await revokeClientToken(node, made.key, made.client[revoked].id)
  expect(await readActive()).toEqual([true, false, ...[0, 1, 2].map((index) => index > revoked)])
}

async function send(node: ServiceNode, path: string, { key_id, key_secret }: Key, body: object) {
  const response = await fetch(node.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id, key_secret, ...body }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

async function revokeClientToken(node: ServiceNode, key: Key, token_id: string): Promise<void> {
  expect((await send(node, CLIENT_TOKEN_REVOCATION_PATH, key, { token_id })).status).toBe(200)
}

async function revokeAccessToken(node: ServiceNode, key: Key, token: string): Promise<void> {
  const client = { client_id: key.key_id, client_secret: key.key_secret }
  const body = new URLSearchParams({ token, ...client })
  expect((await fetch(node.url + OAUTH_REVOCATION_PATH, { method: 'POST', body })).status).toBe(200)
}

async function isActive(node: ServiceNode, verifier: string, token: string): Promise<boolean> {
  const response = await fetch(node.url + INTROSPECTION_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifier}` },
    body: new URLSearchParams({ token }),
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as { active: boolean }).active
}

/** The same request every time, which makes a key once. */
async function createKeyOnce(node: ServiceNode, adminToken: string) {
  const admin = node.logs().find(({ event }) => event === 'listening')?.admin
  const response = await fetch(String(admin) + ADMIN_PATHS.keys, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Idempotency-Key': 'the-same-request',
      Authorization: `Bearer ${adminToken}`,
    },
    body: JSON.stringify({ name: 'once', scopes: [UPLOAD_SCOPE] }),
  })
  return { status: response.status, keyId: ((await response.json()) as Key).key_id }
}
