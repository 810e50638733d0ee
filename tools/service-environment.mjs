import path from 'node:path'
import { ROOT } from './project.mjs'

/**
 * The environment in which the tools start the service: the data folder is the repository's own unless told, and the log
 * says at least as much as that the service listens, since the start is read off it.
 *
 * @returns {NodeJS.ProcessEnv}
 */
export function serviceEnvironment() {
  const { INTERHUMAN_AUTH_DATA_DIR, INTERHUMAN_AUTH_LOG_LEVEL, ...others } = process.env
  const verbose = ['trace', 'debug'].find((level) => level === INTERHUMAN_AUTH_LOG_LEVEL)
  return {
    ...others,
    INTERHUMAN_AUTH_DATA_DIR: INTERHUMAN_AUTH_DATA_DIR ?? path.join(ROOT, 'data'),
    INTERHUMAN_AUTH_LOG_LEVEL: verbose ?? 'info',
  }
}
