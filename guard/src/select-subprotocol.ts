/**
 * Adds to a decision the subprotocol that the answer selects. It can be read, but neither printed nor spread: in the
 * dialect that sends the credential alone it is the credential, and a decision is what an operator logs.
 *
 * @see Our contract, section 4
 */
export function selectSubprotocol<Decision extends { readonly subprotocol?: string }>(
  decision: Decision,
  subprotocol: string | undefined,
): Decision {
  return subprotocol === undefined
    ? decision
    : Object.defineProperty(decision, 'subprotocol', { value: subprotocol })
}
