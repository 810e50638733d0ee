// In a module without imports, and so before anything runs: bundlers then write such a number where it is used.

/** How long an exchange may last, from the call to the last byte of the body, if nobody says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15_000

/** Longer than any answer of the contract, in bytes; of what is longer nothing is kept. */
export const LONGEST_ANSWER_BYTES = 65_536

/** The most, in bytes, that is kept of a body to send it again, and above which sending it takes a while. */
export const LARGE_BYTES = 1_048_576

/** What a lifetime counts as that is absent or no number, in seconds. */
export const DEFAULT_LIFETIME_SECONDS = 60

/** The longest wait that callers sit out; after a failure that asks for more they get the failure. */
export const PATIENCE_MS = 2_000

/** How many tokens are kept to be found again by another call of `reuse`; the one asked for longest ago goes first. */
export const MOST_SHARED = 1_000
