import { hostname } from 'node:os'
import type { HeldToken } from '../../src/cache/held-token.ts'
import type { TokenUse } from '../../src/cache/place.ts'
import type { Resolved } from '../../src/credentials/resolve.ts'
import type { Surroundings } from '../../src/surroundings.ts'
import { KEY_ID, KEY_SECRET } from './run-command.ts'

/** A use of the tests' key. */
export const use: TokenUse = {
  keyId: KEY_ID,
  keySecret: KEY_SECRET,
  apiUrl: 'https://api.example',
  scopes: ['upload', 'stream'],
  apiVersion: 'v0',
}

/** A token of 900 seconds that was issued at the moment 1,000 of both clocks. */
export const token: HeldToken = {
  value: 'LEAKtoken',
  scopes: ['upload'],
  issuedAtMs: 1_000_000,
  issuedAtUptime: 1_000,
  lifetimeSeconds: 900,
}

/** Two clocks that a test sets, in seconds. */
export class TwoClocks {
  wall = 1_000
  machine = 1_000
  readonly now = () => this.wall * 1000
  readonly uptime = () => this.machine

  /** Lets time pass on both. */
  pass(seconds: number): void {
    this.wall += seconds
    this.machine += seconds
  }
}

/** The tests' key, found in the environment, for an address. */
export function resolvedFor(apiUrl: string, keySecret = KEY_SECRET): Resolved {
  const credential = { keyId: KEY_ID, keySecret, apiUrl }
  return {
    source: { name: 'environment', role: 'environment', finding: { kind: 'absent' } },
    credential,
    apiUrl,
  }
}

/** What surrounds a command with a cache below `folder`; `said` is what it wrote for people. */
export function surroundingsIn(
  folder: string,
  clocks: TwoClocks,
): Surroundings & { readonly said: string[] } {
  const said: string[] = []
  return {
    env: { XDG_CACHE_HOME: folder },
    platform: process.platform,
    home: () => folder,
    uid: process.geteuid?.(),
    stdin: process.stdin,
    stdout: process.stdout,
    now: clocks.now,
    uptime: clocks.uptime,
    hostname,
    own: process,
    say: (line) => said.push(line),
    prompt: () => {},
    keychain: undefined,
    atSignal: () => {},
    said,
  }
}
