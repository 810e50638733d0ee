import { FORWARDED_FOR_HEADER } from '@interhuman-auth/protocol'
import { parseNetwork } from '../client-address.ts'
import { setting } from './setting.ts'
import { listOf } from './values.ts'

/** Who counts as one client. */
export const LIMIT_SETTINGS = [
  setting('trustedProxies', [], listOf(parseNetwork), {
    placeholder: 'NETWORKS',
    description: `Addresses and networks of the proxies in front, with commas between. Only from these \`${FORWARDED_FOR_HEADER}\` is read; from anybody else it changes nothing.`,
    defaultText: 'none',
  }),
] as const
