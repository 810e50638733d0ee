/** The header of every response of the service: a UUID that the service makes (our contract, section 1). */
export const CORRELATION_ID_HEADER = 'X-Correlation-ID'

/** A caller's own id of a request: logged, never echoed (our contract, section 1). */
export const CLIENT_REQUEST_ID_HEADER = 'X-Client-Request-Id'

/** What a 401 or a 403 answers with (RFC 6750 section 3). */
export const CHALLENGE_HEADER = 'WWW-Authenticate'

/** Where a request carries its credential (RFC 6750 section 2.1). */
export const AUTHORIZATION_HEADER = 'Authorization'

/** Where a WebSocket handshake of a browser carries its credential (our contract, section 4). */
export const SUBPROTOCOL_HEADER = 'Sec-WebSocket-Protocol'

/** Which web page a browser's request comes from (RFC 6454 section 7; our contract, section 5). */
export const ORIGIN_HEADER = 'Origin'

/** How near the web page that a browser's request comes from is, which no page can set (Fetch Metadata Request Headers, section 2.3). */
export const FETCH_SITE_HEADER = 'Sec-Fetch-Site'

/** When to come again, in seconds (RFC 9110 section 10.2.3). */
export const RETRY_AFTER_HEADER = 'Retry-After'

/** Who a request comes from, as the proxies in front tell it, nearest last. Anyone can write one: read it of trusted proxies only. */
export const FORWARDED_FOR_HEADER = 'X-Forwarded-For'

/** The body type of every request and response of the exchange. */
export const JSON_CONTENT_TYPE = 'application/json'

/** The body type of the revocation feed (WHATWG HTML, server-sent events). */
export const EVENT_STREAM_CONTENT_TYPE = 'text/event-stream'

/** Behind which event a dropped feed goes on (WHATWG HTML, server-sent events). */
export const LAST_EVENT_ID_HEADER = 'Last-Event-ID'

/** The body type of every request of the standard dialect (RFC 6749 appendix B). */
export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded'

/** Names a request that changes something, so that one that comes again is done once (our contract, section 10). */
export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key'

/** Says that an answer is that of a request which came before. */
export const IDEMPOTENCY_REPLAYED_HEADER = 'Idempotency-Replayed'
