import { DEFAULT_API_URL } from '@interhuman-auth/protocol'
import { API_URL_NAME, type Credential } from '../credentials/credential.ts'
import { readKeychain, storeInKeychain } from '../credentials/keychain.ts'
import { readAddress, readPlainSources, type Source } from '../credentials/resolve.ts'
import { filePlace, prepareFile, storeInFile } from '../credentials/store-file.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import { readKey } from '../key-input.ts'
import type { Options } from '../options.ts'
import { printable } from '../output.ts'
import { print, printJson } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'

/** A place that a key can be stored in. */
interface Store {
  readonly role: Source['role']
  /** What people read. */
  readonly name: string
  /** @throws {Refusal} 3 when it could not take a key. */
  readonly prepare: () => void
  /** @throws {Refusal} 3 when it does not take the key. */
  readonly put: (credential: Credential & { apiUrl: string }) => void
}

/**
 * Asks for a key or reads it from standard input, proves it with an exchange that brings a token, and stores it together with its address.
 * A key that does not work is not stored, and nothing is sent when there is no place to store it.
 *
 * @throws {Refusal} 2 without a key, 3 where it cannot be stored, otherwise as the exchange ends.
 * @see Our contract, section 9
 */
export async function login(options: Options, surroundings: Surroundings): Promise<number> {
  const store = options.store === 'keychain' ? keychainStore(surroundings) : fileStore(surroundings)
  store.prepare()
  const typed = await readKey(surroundings)
  const apiUrl = settleAddress(typed.apiUrl, options.apiUrl, surroundings)
  const credential = { ...typed, apiUrl }
  const { proveKey } = await import('../prove-key.ts')
  const scopes = await proveKey({ credential, apiUrl }, options, surroundings)
  store.put(credential)
  const earlier = findEarlier(store.role, surroundings)
  if (options.json)
    return printJson(
      {
        ok: true,
        stored_in: store.role,
        name: store.name,
        address: apiUrl,
        scopes,
        taken_first: earlier.map(({ role, name }) => ({ role, name })),
      },
      surroundings,
    )
  await print(
    `the key works at ${apiUrl}, for ${scopes.map(printable).join(' and ')}\nstored in ${printable(store.name)}\n`,
    surroundings,
  )
  for (const { role, name } of earlier)
    surroundings.say(
      `${role === 'environment' ? 'the environment' : name} holds something and is taken first; remove it there to use the key that was stored`,
    )
  return EXIT.ok
}

function fileStore(surroundings: Surroundings): Store {
  const place = filePlace(surroundings)
  return {
    role: place.ownFolder ? 'default file' : 'file named by INTERHUMAN_CONFIG',
    name: place.path,
    prepare: () => prepareFile(place, surroundings.uid),
    put: (credential) => storeInFile(place, credential),
  }
}

function keychainStore(surroundings: Surroundings): Store {
  const refuse = (problem: string) =>
    new Refusal(
      EXIT.credential,
      `the keychain did not take the key: ${problem}; nothing was stored; --store file stores it in a file of mode 0600`,
    )
  return {
    role: 'keychain',
    name: 'the keychain',
    prepare: () => {
      const finding = readKeychain(surroundings)
      if (finding.kind === 'absent' && finding.reason !== undefined) throw refuse(finding.reason)
    },
    put: (credential) => {
      const problem = storeInKeychain(credential, surroundings)
      if (problem !== undefined) throw refuse(problem)
    },
  }
}

/**
 * The address that a key is stored with is what was typed, or stood beside the key. A variable that says otherwise is
 * refused: whoever can set one must not choose where a secret goes.
 */
function settleAddress(
  beside: string | undefined,
  option: string | undefined,
  { env }: Surroundings,
): string {
  const own = readAddress(
    option ?? beside ?? DEFAULT_API_URL,
    option === undefined ? `${API_URL_NAME} beside the key` : '--api-url',
    EXIT.usage,
  )
  const others = [
    ['the address beside the key', beside],
    [`${API_URL_NAME} in the environment`, env[API_URL_NAME] || undefined],
  ] as const
  for (const [by, address] of others) {
    if (address === undefined || readAddress(address, by, EXIT.usage) === own) continue
    throw new Refusal(
      EXIT.untrusted,
      `the key would be stored for ${own}, and ${by} names another; name the right one with --api-url and remove the other; nothing was sent`,
    )
  }
  return own
}

function findEarlier(role: Source['role'], surroundings: Surroundings): Source[] {
  const files = [...readPlainSources(surroundings)]
  const own = files.findIndex((source) => source.role === role)
  return files.slice(0, own < 0 ? files.length : own).filter(({ finding }) => finding.kind !== 'absent')
}
