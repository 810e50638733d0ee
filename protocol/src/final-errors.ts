/** The account's quota is used up: asking again does not bring it back (our contract, section 2). */
export const QUOTA_USED_UP_ID = 'ih3003'

/** The client token's video budget is used up. */
export const VIDEO_BUDGET_USED_UP_ID = 'ih3006'

/** Ids of errors with a status that else asks for another try, and for which none can help. */
export const FINAL_ERROR_IDS: readonly string[] = [QUOTA_USED_UP_ID, VIDEO_BUDGET_USED_UP_ID]
