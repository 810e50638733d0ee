import { join } from 'node:path'
import type { Resolved } from '../credentials/resolve.ts'
import type { ExchangeOptions } from '../exchange.ts'
import type { Surroundings } from '../surroundings.ts'
import { type HeldToken, nameOf, parseHeld, secondsLeft, standingOf } from './held-token.ts'
import { cacheFolder, type TokenUse } from './place.ts'
import { readOwn, remove } from './store.ts'

/** What a living token is asked for with. */
export interface LivingTokenOptions extends ExchangeOptions {
  /** How long it must live at the least from now on, in seconds; 0 if absent. A new token is given whatever its life. */
  readonly minLifeSeconds?: number | undefined
}

/** A token's place in the cache. */
export interface CacheEntry {
  readonly use: TokenUse
  readonly folder: string
  readonly path: string
}

/** Gives the place of the token that a credential, an address and scopes have in the cache. */
export function entryOf(
  { credential, apiUrl }: Resolved,
  { scopes, apiVersion }: ExchangeOptions,
  surroundings: Surroundings,
): CacheEntry {
  const { keyId, keySecret } = credential
  const use = { keyId, keySecret, apiUrl, scopes, apiVersion: apiVersion ?? '' }
  const folder = cacheFolder(surroundings)
  return { use, folder, path: join(folder, nameOf(use, surroundings.hostname())) }
}

/** Reads what the cache has of an entry, alive or spent. */
export function readEntry({ use, path }: CacheEntry, { uid }: Surroundings): HeldToken | undefined {
  const file = readOwn(path, uid)
  return file === undefined ? undefined : parseHeld(file.text, use)
}

/** Drops a token from the cache, if it is still the one that is there. */
export function dropEntry(entry: CacheEntry, value: string, surroundings: Surroundings): void {
  if (readEntry(entry, surroundings)?.value === value) remove(entry.path)
}

/** Says whether a token can be handed on with no exchange. */
export function isEnough(
  token: HeldToken | undefined,
  { minLifeSeconds = 0 }: LivingTokenOptions,
  surroundings: Surroundings,
): token is HeldToken {
  if (token === undefined || standingOf(token, surroundings) !== 'fresh') return false
  return secondsLeft(token, surroundings) >= minLifeSeconds
}
