/** What is forwarded. Not CONNECT, and not TRACE, whose answer would show the bearer. */
export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
