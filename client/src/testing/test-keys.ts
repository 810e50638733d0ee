import { type ClientTokenCaps, type IssuedClientToken, SCOPES, type Scope } from '@interhuman-auth/protocol'

/** An API key of a test. */
export interface TestKey {
  readonly keyId: string
  readonly keySecret: string
}

/** What is known of a key. */
export interface KeptKey extends TestKey {
  readonly scopes: readonly Scope[]
  generation: number
  isAlive: boolean
}

/** What is known of a token that was given. */
export interface KeptToken {
  readonly key: KeptKey
  readonly generation: number
  readonly scopes: readonly Scope[]
  readonly expiresAtMs: number
  readonly isRevoked?: boolean
  /** Of a client token only. */
  readonly client?: { readonly tokenId: string; readonly caps: ClientTokenCaps }
}

/** What is asked of a key for a client token, within the bounds. */
export interface ClientTokenAsked {
  readonly scopes: readonly Scope[]
  readonly lifetimeSeconds: number
  readonly caps: ClientTokenCaps
}

/** Whether a token that was given is good now. */
export type TokenState = 'good' | 'expired' | 'revoked'

/** How many tokens are remembered; the oldest are forgotten, and then unknown. */
const MOST_TOKENS = 100_000
const CLIENT_PREFIX = 'test.client.'

/** The keys and tokens of a test. */
export function createTestKeys(nowMs: () => number) {
  const keys = new Map<string, KeptKey>()
  const tokens = new Map<string, KeptToken>()
  let count = 0
  const keep = (token: string, kept: KeptToken): string => {
    tokens.set(token, kept)
    for (const oldest of tokens.keys()) {
      if (tokens.size <= MOST_TOKENS) break
      tokens.delete(oldest)
    }
    return token
  }
  return {
    add(scopes: readonly Scope[] = SCOPES): TestKey {
      count += 1
      const key = { keyId: `ihk_test${count}`, keySecret: `secret-of-test-key-${count}`, scopes }
      keys.set(key.keyId, { ...key, generation: 1, isAlive: true })
      return { keyId: key.keyId, keySecret: key.keySecret }
    },
    revoke(keyId: string): void {
      const key = keys.get(keyId)
      if (key === undefined) return
      key.isAlive = false
      key.generation += 1
    },
    authenticate(keyId: unknown, keySecret: unknown): KeptKey | undefined {
      const key = keys.get(String(keyId))
      return key?.isAlive === true && key.keySecret === keySecret ? key : undefined
    },
    authenticateSecret(keySecret: unknown): KeptKey | undefined {
      const key = [...keys.values()].find((each) => each.keySecret === keySecret)
      return key?.isAlive === true ? key : undefined
    },
    issue(key: KeptKey, scopes: readonly Scope[], lifetimeSeconds: number): string {
      const expiresAtMs = nowMs() + lifetimeSeconds * 1000
      return keep(newToken(), { ...{ key, generation: key.generation, scopes }, expiresAtMs })
    },
    issueClientToken(key: KeptKey, asked: ClientTokenAsked): IssuedClientToken {
      const { scopes, lifetimeSeconds, caps } = asked
      const expiresAt = Math.floor(nowMs() / 1000) + lifetimeSeconds
      const tokenId = `ihct_test_${crypto.randomUUID()}`
      const client = { tokenId, caps }
      const kept = { key, generation: key.generation, scopes, expiresAtMs: expiresAt * 1000, client }
      return { token: keep(newToken(CLIENT_PREFIX), kept), tokenId, scopes, lifetimeSeconds, expiresAt, caps }
    },
    find: (token: string): KeptToken | undefined => tokens.get(token),
    stateOf(kept: KeptToken): TokenState {
      if (nowMs() >= kept.expiresAtMs) return 'expired'
      return kept.isRevoked || kept.generation !== kept.key.generation ? 'revoked' : 'good'
    },
    end(token: string): void {
      const kept = tokens.get(token)
      if (kept !== undefined) tokens.set(token, { ...kept, isRevoked: true })
    },
    /** Leaves the tokens of other keys alone, and what is no client token. */
    revokeClientToken(key: KeptKey, named: { readonly token: unknown; readonly tokenId: unknown }): void {
      for (const [token, kept] of tokens) {
        const isNamed = token === named.token || kept.client?.tokenId === named.tokenId
        if (isNamed && kept.client !== undefined && kept.key === key)
          tokens.set(token, { ...kept, isRevoked: true })
      }
    },
  }
}

function newToken(prefix = 'test.token.'): string {
  return prefix + crypto.randomUUID()
}

/** Whether a token is a client token by its form, whoever made it: a real one's header says so. */
export function isClientToken(token: string): boolean {
  return token.startsWith(CLIENT_PREFIX)
}

/** What {@link createTestKeys} gives. */
export type TestKeys = ReturnType<typeof createTestKeys>
