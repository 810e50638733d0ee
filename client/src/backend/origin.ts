import { FETCH_SITE_HEADER, ORIGIN_HEADER } from '@interhuman-auth/protocol'

/** Whether the page that sends a request may have a token, and which one it is. */
export type OriginReading =
  | { readonly kind: 'own' | 'told'; readonly origin: string }
  | { readonly kind: 'none' | 'foreign'; readonly origin?: undefined }

/**
 * Reads where a request comes from. Every browser names the origin of a POST, so that a request without one comes from a
 * program; `Sec-Fetch-Site`, which no page can set, tells the browser that hides it.
 *
 * @param told Serialised origins, each compared letter for letter; absent for the request's own.
 * @see The Fetch standard, section 3.1 ("`Origin` header")
 */
export function readOrigin(request: Request, told: readonly string[] | undefined): OriginReading {
  const origin = request.headers.get(ORIGIN_HEADER)
  const site = request.headers.get(FETCH_SITE_HEADER)
  if (origin === null) return { kind: site === null || site === 'same-origin' ? 'none' : 'foreign' }
  if (told !== undefined) return told.includes(origin) ? { kind: 'told', origin } : { kind: 'foreign' }
  return origin === new URL(request.url).origin ? { kind: 'own', origin } : { kind: 'foreign' }
}
