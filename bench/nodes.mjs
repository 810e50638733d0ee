import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../test/support/start-postgres.ts'
import { compareIntrospection } from './nodes/introspection.mjs'
import { compareStores, compareWorkers, measureMemoryOfMany } from './nodes/issuing.mjs'
import { formatReport } from './nodes/report.mjs'
import { measureRevocation } from './nodes/revocation.mjs'
import { KEYS, seedPostgres, seedSqlite } from './nodes/stores.mjs'
import { compareReadiness } from './times.mjs'

const NODES = [1, 3, 6]

/**
 * PostgreSQL beside SQLite, oidc-provider beside both, introspection, workers, and how fast a revocation reaches the nodes.
 * About ten minutes.
 *
 * @param {(step: string) => void} say
 * @returns {Promise<string>} The report.
 */
export async function measureNodes(say) {
  const root = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  const postgres = await startPostgres()
  try {
    return formatReport(await measureAll(root, postgres.url(), say))
  } finally {
    await postgres.remove()
    rmSync(root, { recursive: true, force: true })
  }
}

/** @param {string} root @param {string} url @param {(step: string) => void} say */
async function measureAll(root, url, say) {
  say(`seeding the stores, one with ${KEYS.many} keys`)
  const folders = { es256: join(root, 'es256'), hs256: join(root, 'hs256') }
  await seedSqlite(folders.es256, 'ES256')
  await seedSqlite(folders.hs256, 'HS256')
  const few = await seedPostgres(url, 'few', KEYS.few, join(root, 'node'))
  const many = await seedPostgres(url, 'many', KEYS.many, join(root, 'node'))
  const manyHs256 = await seedPostgres(url, 'many_hs256', KEYS.many, join(root, 'node'))
  const fewHs256 = await seedPostgres(url, 'few_hs256', KEYS.few, join(root, 'node'))
  const stores = { folder: folders.es256, few, many }

  say('starting')
  const ready = await compareReadiness([
    { name: 'ready, PostgreSQL, 1,000 keys', folder: join(root, 'node'), env: few },
    { name: 'ready, PostgreSQL, 1,000,000 keys', folder: join(root, 'node'), env: many },
  ])
  say('issuing with ES256')
  const es256 = await compareStores('ES256', stores)
  say('issuing with HS256')
  const hs256 = await compareStores('HS256', { folder: folders.hs256, few: fewHs256, many: manyHs256 })
  say('two workers')
  const workers = await compareWorkers(few)
  say('introspection')
  const introspection = await compareIntrospection(stores)
  say('memory')
  const memory = await measureMemoryOfMany(many)
  /** @type {import('./nodes/revocation.mjs').Lag[]} */
  const lags = []
  for (const count of NODES) {
    say(`revocation on ${count} nodes`)
    lags.push(await measureRevocation(count, few))
  }
  return { ready, es256, hs256, workers, introspection, memory, lags }
}
