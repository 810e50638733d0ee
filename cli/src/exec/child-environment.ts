import {
  ACCESS_TOKEN_NAME,
  API_URL_NAME,
  CONFIG_NAME,
  KEY_ID_NAME,
  KEY_SECRET_NAME,
} from '../credentials/credential.ts'

/** The environment of a command, as the system takes it. */
export type Environment = Readonly<Record<string, string>>

/**
 * Gives a command the environment that we have, with its token and the address that this is for, and without the key, and
 * the name of the file that may hold it.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  token: string,
  apiUrl: string,
): Environment {
  const hidden = [KEY_ID_NAME, KEY_SECRET_NAME, CONFIG_NAME]
  const kept = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry
    return value !== undefined && !hidden.includes(name)
  })
  return { ...Object.fromEntries(kept), [ACCESS_TOKEN_NAME]: token, [API_URL_NAME]: apiUrl }
}
