import { removeFromKeychain } from '../credentials/keychain.ts'
import { readPlainSources } from '../credentials/resolve.ts'
import { filePlace, removeFromFile } from '../credentials/store-file.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Options } from '../options.ts'
import { printable } from '../output.ts'
import { print, printJson } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'

/** What became of a place that may have held a key. */
interface Outcome {
  readonly name: string
  readonly removed: boolean
  readonly problem?: string | undefined
}

/**
 * Removes the stored key from the file and the keychain, or from the one that `--store` names, and every token from the
 * cache, and says what still holds a credential. The key itself lives on until it is revoked where it was made.
 *
 * @throws {Refusal} 3 when a key or a token is there and cannot be removed, or the keychain that was named cannot be asked.
 */
export async function logout(options: Options, surroundings: Surroundings): Promise<number> {
  const outcomes: Outcome[] = []
  if (options.store !== 'keychain') outcomes.push(fromFile(surroundings))
  if (options.store !== 'file') outcomes.push(fromKeychain(options, surroundings))
  const tokens = await fromCache(surroundings)
  const left = [...readPlainSources(surroundings)].filter(({ finding }) => finding.kind === 'found')
  if (options.json)
    return printJson(
      {
        ok: true,
        removed_from: outcomes.filter(({ removed }) => removed).map(({ name }) => name),
        tokens_removed: tokens,
        not_asked: outcomes.flatMap(({ name, problem }) =>
          problem === undefined ? [] : [{ name, problem }],
        ),
        still_held_by: left.map(({ role, name }) => ({ role, name })),
      },
      surroundings,
    )
  const lines = [
    ...outcomes.map(describe),
    ...(tokens === 0 ? [] : [`removed ${tokens} ${tokens === 1 ? 'token' : 'tokens'} from the token cache`]),
    ...left.map(({ role, name }) =>
      role === 'environment'
        ? 'the environment still holds a credential; unset its variables'
        : `${name} still holds a credential`,
    ),
  ]
  if (outcomes.some(({ removed }) => removed))
    lines.push('the key itself is still good; revoke it where it was made if it is not needed')
  return print(lines.map((line) => `${printable(line)}\n`).join(''), surroundings)
}

function fromFile(surroundings: Surroundings): Outcome {
  const place = filePlace(surroundings)
  return { name: place.path, removed: removeFromFile(place, surroundings.uid) }
}

function fromKeychain({ store }: Options, surroundings: Surroundings): Outcome {
  const removed = removeFromKeychain(surroundings)
  if (typeof removed === 'boolean') return { name: 'the keychain', removed }
  if (store === 'keychain')
    throw new Refusal(
      EXIT.credential,
      `the keychain cannot be asked: ${removed.problem}; unlock it or sign in where it is`,
    )
  return { name: 'the keychain', removed: false, problem: removed.problem }
}

/** Tokens of the key would live on in it for up to their whole life. */
async function fromCache(surroundings: Surroundings): Promise<number> {
  const [{ clearCache }, { cacheFolder }] = await Promise.all([
    import('../cache/clear.ts'),
    import('../cache/place.ts'),
  ])
  const folder = cacheFolder(surroundings)
  const { removed, problem } = clearCache(folder, surroundings.uid)
  if (problem === undefined) return removed
  throw new Refusal(
    EXIT.credential,
    `a token in the cache cannot be removed (${problem}); remove the folder ${folder}`,
  )
}

function describe({ name, removed, problem }: Outcome): string {
  if (problem !== undefined) return `${name} was not asked: ${problem}`
  return removed ? `removed the key from ${name}` : `${name} held no key`
}
