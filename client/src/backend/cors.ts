import { ORIGIN_HEADER } from '@interhuman-auth/protocol'
import type { OriginReading } from './origin.ts'

const PREFLIGHT_SECONDS = '600'

/** The headers that let a page of another origin read the answer, if that origin was told (the Fetch standard, section 3.2). */
export function corsHeaders(reading: OriginReading): Record<string, string> {
  if (reading.kind !== 'told') return {}
  return {
    'Access-Control-Allow-Origin': reading.origin,
    'Access-Control-Allow-Credentials': 'true',
    Vary: ORIGIN_HEADER,
  }
}

const headerNames = /^[\w-]+(?:, ?[\w-]+)*$/

/**
 * Answers a browser that asks first whether a page of an origin that was told may send the request, with the headers that
 * the app's own sign-in may need.
 */
export function preflight(request: Request, reading: OriginReading): Response {
  const asked = request.headers.get('Access-Control-Request-Headers') ?? ''
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders(reading),
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': headerNames.test(asked) ? asked : 'content-type',
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    },
  })
}
