import { fileURLToPath } from 'node:url'

/** The folder of the repository, absolute, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')

/** The workspaces in build order. */
export const WORKSPACES = ['protocol', 'client', 'cli', 'guard', 'service']
