/** How every key secret begins; the same string is the bearer of a key in direct use (our contract, section 7). */
export const KEY_SECRET_PREFIX = 'ih_live_'

/** How the credential of a verifier begins, a process that checks tokens (our contract, section 6). */
export const VERIFIER_PREFIX = 'ihv_'

/** How an admin token begins, the credential of the operator's API (our contract, section 10). */
export const ADMIN_TOKEN_PREFIX = 'iha_'
