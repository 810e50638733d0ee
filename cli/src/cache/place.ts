import { posix, win32 } from 'node:path'
import type { Surroundings } from '../surroundings.ts'

/** What a token was asked with. A token is used only for the very same. */
export interface TokenUse {
  readonly keyId: string
  readonly keySecret: string
  readonly apiUrl: string
  readonly scopes: readonly string[]
  readonly apiVersion: string
}

/** What the files of the cache are called: a token, its lock, and what is on its way to be one or the other. */
export const CACHE_FILE = /^[0-9a-f]{40}(?:\.(?:lock|[0-9a-f-]{36}\.(?:tmp|stale)))?$/

/** Gives the folder of the token cache: the XDG folder where one is set, or the platform's own. */
export function cacheFolder({
  env,
  platform,
  home,
}: Pick<Surroundings, 'env' | 'platform' | 'home'>): string {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix
  const settled = [env.XDG_CACHE_HOME, platform === 'win32' ? env.LOCALAPPDATA : undefined]
  // XDG base directories: a relative path is to be ignored.
  const folder = settled.find((path) => path !== undefined && isAbsolute(path))
  return join(folder ?? join(home(), ...platformFolder(platform)), 'interhuman')
}

function platformFolder(platform: string): string[] {
  if (platform === 'darwin') return ['Library', 'Caches']
  return platform === 'win32' ? ['AppData', 'Local'] : ['.cache']
}

/**
 * Writes a use as text that is the same for the same scopes in any order and number. The secret is left out, unless asked
 * for: a file's name is made of the rest.
 */
export function describeUse(use: TokenUse, secret: 'with secret' | 'without secret'): string {
  const { keyId, keySecret, apiUrl, scopes, apiVersion } = use
  const parts = [keyId, apiUrl, apiVersion, [...new Set(scopes)].sort()]
  return JSON.stringify(secret === 'with secret' ? [...parts, keySecret] : parts)
}
