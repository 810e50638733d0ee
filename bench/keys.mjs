import { createHash } from 'node:crypto'

/**
 * The key of an index, the same in every process, so that a million of them need no memory.
 *
 * @param {number} index
 * @returns {{ keyId: string, keySecret: string }}
 */
export function keyOf(index) {
  const digest = createHash('sha256').update(`bench ${index}`).digest('hex')
  return { keyId: `ihk_${digest.slice(0, 20)}`, keySecret: `ih_live_LEAK${digest.slice(0, 45)}` }
}

/**
 * The exchange's request for the key of an index, as bytes on the wire.
 *
 * @param {number} index
 */
export function requestOf(index) {
  const { keyId, keySecret } = keyOf(index)
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: ['interhumanai.upload'] })
  return `POST /v0/auth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** The one client of oidc-provider. */
export const PEER_CLIENT = { id: 'bench', secret: 'LEAK-bench-secret-of-a-peer' }

/** The token request of {@link PEER_CLIENT}, as bytes on the wire. */
export function peerRequest() {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: PEER_CLIENT.id,
    client_secret: PEER_CLIENT.secret,
    scope: 'interhumanai.upload',
  }).toString()
  return `POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
