import { type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import type { ApiKey } from '../../api-key.ts'
import type { RandomBytes } from '../../base62.ts'
import { isKeyId, newKeySecret } from '../../key-format.ts'
import { toKeyView } from '../../key-view.ts'
import { changeKey } from '../../operations/change-key.ts'
import { changeKeyState } from '../../operations/change-key-state.ts'
import { commitKey, createKey } from '../../operations/create-key.ts'
import { endKeyOverlap } from '../../operations/end-overlap.ts'
import { rotateKey } from '../../operations/rotate-key.ts'
import { toSecretViews } from '../../secret-use-view.ts'
import type { Store } from '../../store/store.ts'
import { parseVisibleName } from '../../visible-name.ts'
import type { AdminAsked, Change, Changed, ChangeId, Read, ReadId } from './handlers.ts'
import { refuseParameter } from './query.ts'

/** What reading keys needs from outside. */
export interface KeyReadDependencies {
  readonly store: Pick<Store, 'listApiKeys' | 'findApiKey' | 'listSecretUses'>
  /** Epoch seconds. */
  now(): number
}

/** Answers what keys there are. */
export function keyReads({ store, now }: KeyReadDependencies) {
  return {
    async listKeys({ query }) {
      const { cursor, limit, search, state } = query
      if (cursor !== null && !isKeyId(cursor))
        throw refuseParameter('cursor', 'must be what a page before said')
      const time = now()
      const filter = search === null && state === null ? {} : { filter: { search, state, now: time } }
      const page = await store.listApiKeys({ after: cursor, limit, ...filter })
      return { keys: page.keys.map((key) => toKeyView(key, time)), next_cursor: page.next }
    },
    async readKey({ parameters }) {
      const key = await store.findApiKey(keyIdOf(parameters))
      if (key === undefined) return undefined
      const secrets = toSecretViews(key, await store.listSecretUses(key.keyId), now())
      return { ...toKeyView(key, now()), secrets }
    },
  } satisfies Partial<Record<ReadId, Read>>
}

interface KeyFields {
  readonly name?: string
  readonly state?: 'active' | 'disabled'
  readonly scopes?: readonly Scope[]
  readonly expires_at?: string | null
  readonly direct?: boolean
}

/** Changes keys. */
export function keyChanges(randomBytes: RandomBytes) {
  return {
    async createKey({ body }, store, by) {
      const { name = '', scopes = [], expiresAt = null, direct = false } = toChange(body)
      const asked = { name, scopes, expiresAt, direct }
      const made = createKey(asked, by, randomBytes)
      return shown(await commitKey(store, made), by.now, made.secret)
    },
    async changeKey({ parameters, body }, store, by) {
      return shown(await changeKey(store, keyIdOf(parameters), toChange(body), by), by.now)
    },
    async rotateKey({ parameters, body }, store, by) {
      const secret = newKeySecret(randomBytes)
      const { overlap_seconds: overlapSeconds } = body as { readonly overlap_seconds?: number }
      const rotation = { secret, overlapSeconds }
      return shown(await rotateKey(store, keyIdOf(parameters), rotation, by), by.now, secret)
    },
    async endKeyOverlap({ parameters, body }, store, by) {
      const { force = false } = body as { readonly force?: boolean }
      return shown(await endKeyOverlap(store, keyIdOf(parameters), { force }, by), by.now)
    },
    async expireKey({ parameters }, store, by) {
      return shown(await changeKey(store, keyIdOf(parameters), { expiresAt: by.now }, by), by.now)
    },
    async revokeKey({ parameters }, store, by) {
      return shown(await changeKeyState(store, keyIdOf(parameters), 'revoke', by), by.now)
    },
  } satisfies Partial<Record<ChangeId, Change>>
}

function keyIdOf(parameters: AdminAsked['parameters']): string {
  return parameters.key_id ?? ''
}

function toChange(body: unknown) {
  const { name, state, scopes, expires_at, direct } = body as KeyFields
  return {
    name: name === undefined ? undefined : parseVisibleName(name),
    state,
    scopes: scopes === undefined ? undefined : uniqueScopes(scopes),
    // To the second, and not before what was asked.
    expiresAt: typeof expires_at === 'string' ? Math.ceil(Date.parse(expires_at) / 1000) : expires_at,
    direct,
  }
}

function shown(key: ApiKey | undefined, now: number, secret?: string): Changed | undefined {
  if (key === undefined) return undefined
  const view = toKeyView(key, now)
  return secret === undefined ? { view } : { view, secret: { name: 'key_secret', value: secret } }
}
