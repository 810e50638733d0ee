import { toAdminTokenView } from '../../admin-token-view.ts'
import type { RandomBytes } from '../../base62.ts'
import { revokeAdminTokenIn } from '../../operations/admin-tokens.ts'
import {
  createVerifierIn,
  revokeVerifierIn,
  rotateVerifierIn,
  type VerifierWithSecret,
} from '../../operations/verifiers.ts'
import type { Store } from '../../store/store.ts'
import { toVerifierView } from '../../verifier-view.ts'
import { parseVisibleName } from '../../visible-name.ts'
import type { Change, Changed, ChangeId, Read, ReadId } from './handlers.ts'

/** What reading verifiers and admin tokens needs from outside. */
export interface CredentialReadDependencies {
  readonly store: Pick<Store, 'listVerifiers' | 'listAdminTokens'>
  /** Epoch seconds. */
  now(): number
}

/** Answers which verifiers and admin tokens there are. */
export function credentialReads({ store, now }: CredentialReadDependencies) {
  return {
    async listVerifiers() {
      return { verifiers: (await store.listVerifiers()).map((verifier) => toVerifierView(verifier, now())) }
    },
    async listAdminTokens() {
      return { admin_tokens: (await store.listAdminTokens()).map((token) => toAdminTokenView(token, now())) }
    },
  } satisfies Partial<Record<ReadId, Read>>
}

/** Changes verifiers and admin tokens. */
export function credentialChanges(randomBytes: RandomBytes) {
  return {
    async createVerifier({ body }, store, by) {
      const name = parseVisibleName((body as { readonly name: string }).name) ?? ''
      return shown(await createVerifierIn(store, { name }, by, randomBytes), by.now)
    },
    async rotateVerifier({ parameters, body }, store, by) {
      const { overlap_seconds } = body as { readonly overlap_seconds?: number }
      const id = parameters.verifier_id ?? ''
      return shown(await rotateVerifierIn(store, id, overlap_seconds, by, randomBytes), by.now)
    },
    async revokeVerifier({ parameters }, store, by) {
      const verifier = await revokeVerifierIn(store, parameters.verifier_id ?? '', by)
      return verifier && { view: toVerifierView(verifier, by.now) }
    },
    async revokeAdminToken({ parameters }, store, by) {
      const token = await revokeAdminTokenIn(store, parameters.admin_token_id ?? '', by)
      return token && { view: toAdminTokenView(token, by.now) }
    },
  } satisfies Partial<Record<ChangeId, Change>>
}

function shown(made: VerifierWithSecret | undefined, now: number): Changed | undefined {
  return (
    made && {
      view: toVerifierView(made.verifier, now),
      secret: { name: 'verifier_secret', value: made.secret },
    }
  )
}
