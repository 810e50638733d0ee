import {
  BEARER_SUBPROTOCOL,
  findProtectedResource,
  readSubprotocolBearer,
  SUBPROTOCOL_HEADER,
} from '@interhuman-auth/protocol'
import { type RawHeaders, valuesOf } from './headers.ts'

/** What a WebSocket handshake offers, without the credential in it. */
export interface SubprotocolOffer {
  /** What is offered on, if anything is left. */
  readonly subprotocols: string | undefined
  /** What an answer that selects none is given: who offered a credential takes no other answer. */
  readonly selectedOtherwise: string | undefined
}

/**
 * Takes the credential out of an offer, as the one that counts is this side's own: the pair `access_token, <credential>`,
 * or at a protected resource the one that stands alone, beside which a guard refuses another. Elsewhere that is a
 * subprotocol like any.
 *
 * @param path - Below the address of the key.
 * @see Our contract, section 4
 */
export function readSubprotocolOffer(rawHeaders: RawHeaders, path: string): SubprotocolOffer {
  const offered = valuesOf(rawHeaders, SUBPROTOCOL_HEADER.toLowerCase())
    .flatMap((value) => value.split(','))
    .map((part) => part.trim())
  const whole = readSubprotocolBearer(offered.join())
  if (whole.kind === 'token' && findProtectedResource(path) !== undefined)
    return { subprotocols: undefined, selectedOtherwise: whole.subprotocol }
  const at = offered.indexOf(BEARER_SUBPROTOCOL)
  const kept = at < 0 ? offered : offered.toSpliced(at, 2)
  return {
    subprotocols: kept.length === 0 ? undefined : kept.join(', '),
    selectedOtherwise: at < 0 ? undefined : BEARER_SUBPROTOCOL,
  }
}
