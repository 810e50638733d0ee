import { setting } from './setting.ts'
import { oneOf } from './values.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** What operators see of a running service. */
export const OBSERVATION_SETTINGS = [
  setting('logLevel', 'info', oneOf(LOG_LEVELS), {
    placeholder: LOG_LEVELS.join('|'),
    description: 'Least severe log line that is written.',
  }),
] as const
