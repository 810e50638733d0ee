import { type ApiKey, isAlive } from '../api-key.ts'

/**
 * Makes of a key from a backup one that may do only what the key of the replaced database may do as well: what was ended
 * since is not alive again, and no generation is given a second time. A secret that the replaced database no longer takes is
 * not taken here, and where it is the key's newest one the key is disabled. The secrets of the replaced database are not
 * taken over: it could be them that are to be undone.
 *
 * @returns the same object where nothing is to be taken away.
 */
export function restrictKey(restored: ApiKey, replaced: ApiKey, now: number): ApiKey {
  const scopes = restored.scopes.filter((scope) => replaced.scopes.includes(scope))
  const previousSecret =
    restored.previousSecret !== null && takes(replaced, restored.previousSecret.hash, now)
      ? restored.previousSecret
      : null
  const states = [restored.state, replaced.state]
  const isUsable = takes(replaced, restored.secret.hash, now) && scopes.length > 0
  const state = states.includes('revoked')
    ? 'revoked'
    : states.includes('disabled') || !isUsable
      ? 'disabled'
      : 'active'
  const after: ApiKey = {
    ...restored,
    state,
    // A key without a scope is none; it is disabled then.
    scopes: scopes.length === 0 || scopes.length === restored.scopes.length ? restored.scopes : scopes,
    previousSecret,
    direct: restored.direct && replaced.direct,
    expiresAt: earlier(restored.expiresAt, replaced.expiresAt),
  }
  const generation = Math.max(raised(restored, after), raised(replaced, after))
  return isSame(restored, { ...after, generation }) ? restored : { ...after, generation }
}

/** Says whether a key takes a secret of this hash. */
function takes({ secret, previousSecret }: ApiKey, hash: Buffer, now: number): boolean {
  if (secret.hash.equals(hash)) return true
  return previousSecret !== null && isAlive(previousSecret.expiresAt, now) && previousSecret.hash.equals(hash)
}

/** What was taken away from either ends its tokens. */
function raised(before: ApiKey, after: ApiKey): number {
  const isCut = before.state !== after.state || before.scopes.some((scope) => !after.scopes.includes(scope))
  return isCut ? before.generation + 1 : before.generation
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

function isSame(one: ApiKey, other: ApiKey): boolean {
  const names = ['state', 'generation', 'scopes', 'previousSecret', 'direct', 'expiresAt'] as const
  return names.every((name) => one[name] === other[name])
}
