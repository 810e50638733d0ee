import { allowSecretInBrowser, requestToken } from '@interhuman-auth/client'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'

/** The key of the stand-in; it opens nothing. */
export const KEY = { keyId: 'ihk_runtimes', keySecret: 'ih_live_LEAK' }

/**
 * One exchange, with the option that a page needs and the rest passes over, in what can be posted from a worker or out of a page: the body's bytes, or the code of what was thrown.
 *
 * @param {string} apiUrl
 * @returns {Promise<{ body: number[] } | { code: string }>}
 */
export async function exchange(apiUrl) {
  try {
    const response = await requestToken({
      ...KEY,
      scopes: [UPLOAD_SCOPE],
      apiUrl,
      [allowSecretInBrowser]: true,
    })
    return { body: [...new Uint8Array(await response.arrayBuffer())] }
  } catch (error) {
    return { code: String(error instanceof Error && 'code' in error ? error.code : error) }
  }
}
