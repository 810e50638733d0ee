/**
 * Says whether a host name, in the form that a WHATWG URL gives it (`hostname`), is this machine: `localhost`,
 * `127.0.0.0/8` or `[::1]`. Only there may plain http carry a secret, or an answer that is trusted.
 */
export const isLoopback = (hostname: string): boolean => /^(localhost|\[::1]|127(\.\d+){3})$/.test(hostname)
