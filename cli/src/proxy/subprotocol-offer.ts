import { BEARER_SUBPROTOCOL, SUBPROTOCOL_HEADER } from '@interhuman-auth/protocol'
import { type RawHeaders, valuesOf } from './headers.ts'

/** What a WebSocket handshake offers, without the credential in it. */
export interface SubprotocolOffer {
  /** What is offered on, if anything is left. */
  readonly subprotocols: string | undefined
  /** What an answer that selects none is given: who offered the pair takes no other answer. */
  readonly selectedOtherwise: string | undefined
}

/**
 * Takes the pair `access_token, <credential>` out of an offer: the credential that counts is this side's own.
 *
 * @see Our contract, section 4
 */
export function readSubprotocolOffer(rawHeaders: RawHeaders): SubprotocolOffer {
  const offered = valuesOf(rawHeaders, SUBPROTOCOL_HEADER.toLowerCase())
    .flatMap((value) => value.split(','))
    .map((part) => part.trim())
  const at = offered.indexOf(BEARER_SUBPROTOCOL)
  const kept = at < 0 ? offered : offered.toSpliced(at, 2)
  return {
    subprotocols: kept.length === 0 ? undefined : kept.join(', '),
    selectedOtherwise: at < 0 ? undefined : BEARER_SUBPROTOCOL,
  }
}
