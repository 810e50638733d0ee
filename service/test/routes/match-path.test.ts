import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { findRoute, refuseRoute } from '../../src/routes/match-path.ts'
import type { Route } from '../../src/routes/route.ts'

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  handler: () => ({ headers: {}, body: '' }),
})
const routes: Route[] = [
  route('POST', '/v0/auth'),
  route('GET', '/health/live'),
  route('GET', '/keys/{key_id}'),
  route('PATCH', '/keys/{key_id}'),
  route('POST', '/keys/{key_id}/revoke'),
]

test('a path of the table with another method is 405 and says which it takes; any other path is 404', () => {
  expect(refuseRoute(routes, '/v0/auth?x')).toMatchObject({
    row: ERRORS.methodNotAllowed,
    headers: { Allow: 'POST' },
  })
  expect(refuseRoute(routes, '/health/live').headers).toEqual({ Allow: 'GET, HEAD' })
  for (const target of ['/', '/v0/auth/', '//v0/auth', '*', 'example.com:443', undefined])
    expect(refuseRoute(routes, target)).toMatchObject({ row: ERRORS.notFound, headers: {} })
})

test('a path with a parameter is one route for each of its methods', () => {
  expect(findRoute(routes, 'GET', '/keys/ihk_1?x=1')).toEqual({
    route: routes[2],
    parameters: { key_id: 'ihk_1' },
  })
  expect(findRoute(routes, 'PATCH', '/keys/a.b~c-_')?.parameters).toEqual({ key_id: 'a.b~c-_' })
  expect(findRoute(routes, 'POST', '/keys/x/revoke')?.route.path).toBe('/keys/{key_id}/revoke')
  expect(refuseRoute(routes, '/keys/x').headers).toEqual({ Allow: 'GET, PATCH, HEAD' })
})

test.each([
  '/keys/',
  '/keys/.',
  '/keys/..',
  '/keys/%2e%2e',
  '/keys/a%20b',
  '/keys/a//revoke',
  '/keys/a/revoke/',
  '/keys/a/b',
  '/keys/é',
  '/keys/a;b',
  '//keys/a',
  '/keys/{key_id}',
  '/keys/{key_id}/revoke',
  '/keys/%7Bkey_id%7D',
  '/KEYS/a',
])('%s matches nothing: a parameter is one plain segment', (path) => {
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE'])
    expect(findRoute(routes, method, path)).toBeUndefined()
  expect(refuseRoute(routes, path).row).toBe(ERRORS.notFound)
})

test('a method that is undefined, unknown or inherited matches nothing', () => {
  for (const method of [undefined, 'constructor', 'get'])
    expect(findRoute(routes, method, '/health/live')).toBeUndefined()
})
