import { FORWARDED_FOR_HEADER } from '@interhuman-auth/protocol'
import { parseNetwork } from '../client-address.ts'
import { setting } from './setting.ts'
import { integer, listOf } from './values.ts'

const MAX_COUNT = 999_999_999

const CLIENT = 'A client is an IPv4 address or the /64 of an IPv6 address.'

const NO_LIMIT = '`0`, no limit'

/** Who counts as one client, and what a client, a key and all together may ask for. */
export const LIMIT_SETTINGS = [
  setting('trustedProxies', [], listOf(parseNetwork), {
    placeholder: 'NETWORKS',
    description: `Addresses and networks of the proxies in front, with commas between. Only from these \`${FORWARDED_FOR_HEADER}\` is read; from anybody else it changes nothing.`,
    defaultText: 'none',
  }),
  setting('addressRequestsPerMinute', 0, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description: `Most requests of one client in a minute; above it the answer is 429. ${CLIENT}`,
    defaultText: NO_LIMIT,
  }),
  setting('addressRequestsAtOnce', 0, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description: 'Most requests of one client at once; above it the answer is 429.',
    defaultText: NO_LIMIT,
  }),
  setting('addressConnections', 0, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description:
      'Most connections of one client at once; further ones are closed at once. Those of trusted proxies do not count.',
    defaultText: NO_LIMIT,
  }),
  setting('failuresPerMinute', 3000, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description:
      'Most failed attempts of one client in a minute; a further one is answered with 429 instead of 401. Right secrets pass. 0 for no limit.',
  }),
  setting('keyRequestsPerMinute', 0, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description:
      'Most requests with one API key in a minute, counted once its secret was right; above it the answer is 429.',
    defaultText: NO_LIMIT,
  }),
  setting('keyTokensPerDay', 0, integer(0, MAX_COUNT), {
    placeholder: 'COUNT',
    description:
      'Most tokens of one API key in a day of UTC, counted together on all nodes of one database; above it the answer is 429.',
    defaultText: NO_LIMIT,
  }),
  setting('maxInFlight', 1000, integer(1, 1_000_000), {
    placeholder: 'COUNT',
    description:
      'Most requests that are worked on at once; above it the answer is 503, with a time to come again.',
  }),
  setting('maxLoopDelayMs', 1000, integer(10, 60_000), {
    placeholder: 'MS',
    description:
      'How long a request may have waited for the service itself, in milliseconds; above it the answer is 503, with a time to come again. A hundredth of it, but at least 10, where there is lastingly more to do than can be done.',
  }),
] as const
