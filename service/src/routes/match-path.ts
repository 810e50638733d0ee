import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import { pathOf } from '../request-head.ts'
import type { Route } from './route.ts'

/** A route, and what the request's path has in the place of its parameters. */
export interface RouteMatch {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

const NO_PARAMETERS: Readonly<Record<string, string>> = Object.freeze({})

/** Unreserved characters only (RFC 3986 section 2.3), so that a segment has one spelling; and no dot segment (section 3.3). */
const segmentPattern = /^(?!\.{1,2}$)[\w~.-]+$/

/** Finds the route of a method and a target; of two that match, the first. */
export function findRoute(
  routes: readonly Route[],
  method: string | undefined,
  target: string | undefined,
): RouteMatch | undefined {
  const path = pathOf(target)
  for (const route of routes) {
    if (route.method !== method) continue
    const parameters = matchPath(route.path, path)
    if (parameters !== undefined) return { route, parameters }
  }
  return undefined
}

/**
 * Writes the error for a request that no route takes: 405 with `Allow` where its path is known, 400 where it cannot be
 * decoded, 404 otherwise.
 */
export function refuseRoute(routes: readonly Route[], target: string | undefined): ApiError {
  const path = pathOf(target)
  const methods = new Set<string>(
    routes.filter((route) => matchPath(route.path, path) !== undefined).map((route) => route.method),
  )
  if (methods.size === 0) return new ApiError(isDecodable(path) ? ERRORS.notFound : ERRORS.malformedRequest)
  if (methods.has('GET')) methods.add('HEAD')
  return new ApiError(ERRORS.methodNotAllowed, { headers: { Allow: [...methods].join(', ') } })
}

/** What a path has in the place of a pattern's parameters, or nothing where it does not match. */
function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  if (!pattern.includes('{')) return pattern === path ? NO_PARAMETERS : undefined
  const names = pattern.split('/')
  const segments = path.split('/')
  if (names.length !== segments.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? ''
    if (!name.startsWith('{')) {
      if (name !== segment) return undefined
    } else if (segmentPattern.test(segment)) parameters[name.slice(1, -1)] = segment
    else return undefined
  }
  return parameters
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
