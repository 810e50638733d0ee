import { SCOPES, type Scope } from '@interhuman-auth/protocol'

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
}

/** How many tokens are remembered; the oldest are forgotten, and then unknown. */
const MOST_TOKENS = 100_000

/** The keys and tokens of a test. */
export function createTestKeys(nowMs: () => number) {
  const keys = new Map<string, KeptKey>()
  const tokens = new Map<string, KeptToken>()
  let count = 0
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
    issue(key: KeptKey, scopes: readonly Scope[], lifetimeSeconds: number): string {
      const token = `test.token.${crypto.randomUUID()}`
      tokens.set(token, {
        ...{ key, generation: key.generation, scopes },
        expiresAtMs: nowMs() + lifetimeSeconds * 1000,
      })
      for (const oldest of tokens.keys()) {
        if (tokens.size <= MOST_TOKENS) break
        tokens.delete(oldest)
      }
      return token
    },
    find(token: string): KeptToken | undefined {
      const kept = tokens.get(token)
      const isAlive =
        kept !== undefined && kept.generation === kept.key.generation && nowMs() < kept.expiresAtMs
      return isAlive ? kept : undefined
    },
    end(token: string): void {
      tokens.delete(token)
    },
  }
}

/** What {@link createTestKeys} gives. */
export type TestKeys = ReturnType<typeof createTestKeys>
