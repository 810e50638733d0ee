/** The form of an error's id: Interhuman's `ih…`, or one of ours, `ia…` (our contract, section 2). */
export const ERROR_ID = /^[a-z]{2}\d{4}$/
