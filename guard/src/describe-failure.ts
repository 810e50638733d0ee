/** Says for the operator why something could not be fetched; nothing of what came is in it. */
export function describeFailure(error: unknown, what: string): string {
  if (!(error instanceof Error)) return `${what} could not be fetched`
  const code = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined
  return typeof code === 'string' ? `${what} could not be reached (${code})` : error.message
}
