import * as protocol from '@interhuman-auth/protocol'
import { expect, it } from 'vitest'

it('the header names are those of the contract and the RFCs', () => {
  expect({
    authorization: protocol.AUTHORIZATION_HEADER,
    challenge: protocol.CHALLENGE_HEADER,
    clientRequestId: protocol.CLIENT_REQUEST_ID_HEADER,
    correlationId: protocol.CORRELATION_ID_HEADER,
    origin: protocol.ORIGIN_HEADER,
    retryAfter: protocol.RETRY_AFTER_HEADER,
    subprotocol: protocol.SUBPROTOCOL_HEADER,
    json: protocol.JSON_CONTENT_TYPE,
  }).toEqual({
    authorization: 'Authorization',
    challenge: 'WWW-Authenticate',
    clientRequestId: 'X-Client-Request-Id',
    correlationId: 'X-Correlation-ID',
    origin: 'Origin',
    retryAfter: 'Retry-After',
    subprotocol: 'Sec-WebSocket-Protocol',
    json: 'application/json',
  })
})
