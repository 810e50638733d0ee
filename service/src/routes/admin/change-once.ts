import { hash } from 'node:crypto'
import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../../api-error.ts'
import type { Acting } from '../../operations/acting.ts'
import type { ChangingStore, Store } from '../../store/store.ts'
import type { AdminAsked, Change, Changed, ChangeId } from './handlers.ts'

/** What became of a change. */
export interface Outcome extends Changed {
  /** Whether the same request came before, so that nothing was done now. */
  readonly repeated: boolean
  /** Whether its answer then held a secret that is shown nowhere else. */
  readonly secretAlreadyShown: boolean
}

/** A change that is asked for. */
export interface ChangeRequest {
  readonly id: ChangeId
  readonly change: Change
  readonly asked: AdminAsked
  readonly by: Acting
  /** The `Idempotency-Key` as it came. */
  readonly idempotencyKey: string | undefined
}

/** Visible ASCII. */
const keyPattern = /^[!-~]{1,255}$/

/**
 * Makes a change; where the request has an `Idempotency-Key`, once. Its receipt holds a hash of the request and what was
 * shown, without the secret. A change that was refused leaves no receipt: nothing was done.
 *
 * @throws {ApiError} 404 where there is nothing of the id, 400 and 422 for the `Idempotency-Key`.
 * @see Our contract, section 10
 */
export async function changeOnce(
  { id, change, asked, by, idempotencyKey }: ChangeRequest,
  store: ChangingStore & Pick<Store, 'changeOnce'>,
): Promise<Outcome> {
  const make = async (inside: ChangingStore) => {
    const changed = await change(asked, inside, by)
    if (changed === undefined) throw new ApiError(ERRORS.adminSubjectAbsent)
    return changed
  }
  if (idempotencyKey === undefined)
    return { ...(await make(store)), repeated: false, secretAlreadyShown: false }
  if (!keyPattern.test(idempotencyKey)) throw new ApiError(ERRORS.idempotencyKeyMalformed)
  let changed: Changed | undefined
  const requestHash = hash('sha256', JSON.stringify([id, asked.parameters, asked.body]), 'buffer')
  const request = {
    id: hash('sha256', `${by.actor}\0${idempotencyKey}`, 'base64url'),
    requestHash,
    now: by.now,
  }
  const receipt = await store.changeOnce(request, async (inside) => {
    changed = await make(inside)
    return JSON.stringify({ view: changed.view, secret: changed.secret !== undefined })
  })
  if (!receipt.requestHash.equals(requestHash)) throw new ApiError(ERRORS.idempotencyKeyReused)
  if (!receipt.repeated && changed !== undefined)
    return { ...changed, repeated: false, secretAlreadyShown: false }
  const { view, secret } = JSON.parse(receipt.outcome) as { view: object; secret: boolean }
  return { view, repeated: true, secretAlreadyShown: secret }
}
