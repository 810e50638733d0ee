import type { Store } from '../../store/store.ts'
import { formatTime } from '../../time-format.ts'
import type { UsageHour } from '../../usage.ts'
import type { Read, ReadId } from './handlers.ts'
import { refuseParameter } from './query.ts'

/** What reading the usage needs from outside. */
export interface UsageReadDependencies {
  readonly store: Pick<Store, 'listUsageHours'>
}

type Place = Pick<UsageHour, 'keyId' | 'hour' | 'outcome'>

/** Answers what keys were used for, an hour a row. */
export function usageReads({ store }: UsageReadDependencies) {
  return {
    async listUsage({ query: { cursor, limit, key: keyId, from, to } }) {
      const after = cursor === null ? null : parsePlace(cursor)
      const rows = await store.listUsageHours({ keyId, from, to, after, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return {
        usage: shown.map((row) => ({
          key_id: row.keyId === '' ? null : row.keyId,
          hour: formatTime(row.hour),
          outcome: row.outcome,
          count: row.count,
        })),
        next_cursor: rows.length > limit && last !== undefined ? formatPlace(last) : null,
      }
    },
  } satisfies Partial<Record<ReadId, Read>>
}

/** Not secret, and compared as values: whoever makes one up reads the list from another place. */
function formatPlace({ hour, keyId, outcome }: Place): string {
  return Buffer.from(`${hour} ${keyId} ${outcome}`).toString('base64url')
}

const placePattern = /^(\d{1,12}) (ihk_[0-9A-Za-z]{20}|) (\w{1,20})$/

function parsePlace(cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, hour, keyId, outcome] = placePattern.exec(text) ?? []
  if (hour === undefined || keyId === undefined || outcome === undefined)
    throw refuseParameter('cursor', 'must be what a page before said')
  return { hour: Number(hour), keyId, outcome }
}
