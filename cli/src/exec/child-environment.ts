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
 * Gives a command the environment that we have, with its token, if it is to have one, and the address that this is for,
 * and without the key, and the name of the file that may hold it. These names go in any case of letters: Windows tells
 * none from another.
 */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  token: string | undefined,
  apiUrl: string,
): Environment {
  const settled = [KEY_ID_NAME, KEY_SECRET_NAME, CONFIG_NAME, ACCESS_TOKEN_NAME, API_URL_NAME]
  const kept = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry
    return value !== undefined && !settled.includes(name.toUpperCase())
  })
  const own = token === undefined ? {} : { [ACCESS_TOKEN_NAME]: token }
  return { ...Object.fromEntries(kept), ...own, [API_URL_NAME]: apiUrl }
}
