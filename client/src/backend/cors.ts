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

/** Answers a browser that asks first whether a page of an origin that was told may send the request. */
export function preflight(reading: OriginReading): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders(reading),
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'content-type',
      'Access-Control-Max-Age': PREFLIGHT_SECONDS,
    },
  })
}
