import { Agent, createServer } from 'node:http'
import { duplexPair } from 'node:stream'
import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import { createFetch, fromApiKey, reuse } from '@interhuman-auth/client'
import { OAuth2Client } from 'google-auth-library'
import * as openid from 'openid-client'
// @ts-expect-error It comes without types.
import { ClientCredentials } from 'simple-oauth2'
import { API, LIFETIME_SECONDS } from './virtual-service.mjs'

// Each candidate is one program's way to call an API: a cache that its 1,000 callers share, built as the library's own
// documentation says, on the same endpoint. A call gives the resource's status, or throws.

/** @typedef {ReturnType<typeof import('./virtual-service.mjs').startVirtualService>} Service */
/** @typedef {() => Promise<number>} Call */

const RESOURCE = `${API}/v0/things`
const KEY = { keyId: 'ihk_bench', keySecret: 'ih_live_LEAK' }

/** @type {Record<string, (service: Service) => Call>} */
export const CANDIDATES = {
  ours: createOurs,
  azure: createAzure,
  google: createGoogle,
  openid: createOpenid,
  simple: createSimple,
  byHand: createByHand,
}

/** @param {Service} service @returns {Call} */
function createOurs({ sendExchange, sendToResource }) {
  const source = fromApiKey({ ...KEY, scopes: ['a'], apiUrl: API, fetch: sendExchange })
  const send = createFetch(reuse(source, { random: Math.random }), { origins: [API], fetch: sendToResource })
  return async () => (await send(RESOURCE)).status
}

/** @param {Service} service @returns {Call} */
function createAzure({ exchange, sendToResource }) {
  const credential = {
    async getToken() {
      const grant = readGrant(await exchange())
      return { token: grant.access_token, expiresOnTimestamp: Date.now() + grant.expires_in * 1000 }
    },
  }
  const policy = bearerTokenAuthenticationPolicy({ credential, scopes: 'a' })
  return async () => {
    const answer = await policy.sendRequest(createPipelineRequest({ url: RESOURCE }), async (request) => {
      const { status, headers } = await sendToResource(request.url, { headers: request.headers.toJSON() })
      return { request, status, headers: createHttpHeaders(Object.fromEntries(headers)) }
    })
    return answer.status
  }
}

/** With its remedy for a 401 switched on. @param {Service} service @returns {Call} */
function createGoogle({ exchange, sendToResource }) {
  const client = new OAuth2Client({
    forceRefreshOnFailure: true,
    transporterOptions: { fetchImplementation: /** @type {typeof fetch} */ (sendToResource) },
  })
  client.refreshHandler = async () => {
    const grant = readGrant(await exchange())
    return { access_token: grant.access_token, expiry_date: Date.now() + grant.expires_in * 1000 }
  }
  return async () => (await client.request({ url: RESOURCE })).status
}

/** @param {Service} service @returns {Call} */
function createOpenid({ sendExchange, sendToResource }) {
  const server = { issuer: API, token_endpoint: `${API}/oauth2/token` }
  const configuration = new openid.Configuration(server, KEY.keyId, KEY.keySecret)
  configuration[openid.customFetch] = (url, { method, headers, body }) =>
    sendExchange(url, { method, headers, body: /** @type {BodyInit} */ (body) })
  /** @type {Awaited<ReturnType<typeof openid.clientCredentialsGrant>> | undefined} */
  let kept
  return async () => {
    if (kept === undefined || (kept.expiresIn() ?? 0) < 60)
      kept = await openid.clientCredentialsGrant(configuration, { scope: 'a' })
    return callWith(sendToResource, kept.access_token)
  }
}

/**
 * Its HTTP client has no seam but the agent, so its bytes go to a server of Node's over a pair of streams in memory.
 *
 * @param {Service} service
 * @returns {Call}
 */
function createSimple({ exchange, sendToResource }) {
  const server = createServer((request, response) => {
    request.resume().once('end', async () => {
      const { status, body } = await exchange()
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
    })
  })
  const agent = Object.assign(new Agent(), {
    createConnection() {
      const [near, far] = duplexPair()
      server.emit('connection', far)
      return near
    },
  })
  const client = new ClientCredentials({
    client: { id: KEY.keyId, secret: KEY.keySecret },
    auth: { tokenHost: 'http://api.example.test', tokenPath: '/oauth2/token' },
    http: { agent },
  })
  /** @type {{ expired(seconds: number): boolean, token: { access_token: string } } | undefined} */
  let kept
  return async () => {
    if (kept === undefined || kept.expired(300)) kept = await client.getToken({ scope: 'a' })
    return callWith(sendToResource, kept?.token.access_token ?? '')
  }
}

/** What stands in many a program. @param {Service} service @returns {Call} */
function createByHand({ sendExchange, sendToResource }) {
  let token = ''
  let expiresAt = 0
  return async () => {
    if (Date.now() > expiresAt - 60_000) {
      const response = await sendExchange(`${API}/v0/auth`)
      if (!response.ok) throw new Error(`status ${response.status}`)
      const grant = await response.json()
      token = grant.access_token
      expiresAt = Date.now() + grant.expires_in * 1000
    }
    return callWith(sendToResource, token)
  }
}

/** @param {import('./virtual-service.mjs').Send} send @param {string} token */
async function callWith(send, token) {
  return (await send(RESOURCE, { headers: { Authorization: `Bearer ${token}` } })).status
}

/** @param {{ status: number, body: string }} answer */
function readGrant({ status, body }) {
  if (status !== 200) throw new Error(`status ${status}`)
  const { access_token = '', expires_in = LIFETIME_SECONDS } = JSON.parse(body)
  return { access_token, expires_in }
}
