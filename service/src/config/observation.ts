import { METRICS_PATH } from '@interhuman-auth/protocol'
import { optional, setting } from './setting.ts'
import { integer, oneOf, parseHost } from './values.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** What operators see of a running service. */
export const OBSERVATION_SETTINGS = [
  setting('logLevel', 'info', oneOf(LOG_LEVELS), {
    placeholder: LOG_LEVELS.join('|'),
    description: 'Least severe log line that is written.',
  }),
  setting('refusalLinesPerSecond', 100, integer(1, 999_999_999), {
    placeholder: 'COUNT',
    description:
      'Most lines of refused requests, and of failures, in a second, for each error id; how many are left out is logged.',
  }),
  optional('metricsPort', integer(0, 65_535), {
    placeholder: 'PORT',
    description: `Port of \`${METRICS_PATH}\`, for Prometheus; 0 takes a free one.`,
    defaultText: 'no metrics',
  }),
  setting('metricsHost', '127.0.0.1', parseHost, {
    placeholder: 'HOST',
    description: `Address of \`${METRICS_PATH}\`. Whoever reaches it reads how the service is used, without a credential.`,
  }),
] as const
