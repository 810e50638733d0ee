import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KEY_SET_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningService, runService, startService, waitUntil } from './support/start-service.ts'

// What a running service does by the clock, once its clock says so: what is there is made old in the database.

const DAYS = 86_400

let dataDir: string
let service: RunningService | undefined
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-schedules-'))
  await (await startService({ dataDir })).stop()
})
afterEach(async () => {
  await service?.stop()
  service = undefined
  rmSync(dataDir, { recursive: true })
})

function age(statement: string): void {
  const db = new Database(join(dataDir, 'interhuman-auth.db'))
  expect(db.prepare(statement).run().changes).toBeGreaterThan(0)
  db.close()
}

async function run(...words: readonly string[]) {
  const { code, stdout, stderr } = await runService([...words, '--json', '--data-dir', dataDir])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

interface Row {
  readonly id: number
  readonly action: string
  readonly actor: string
  readonly origin: string
  readonly subject: string
}

const readAudit = async (): Promise<readonly Row[]> => (await run('audit', 'list')).audit
const readSigningKeys = async (): Promise<readonly { kid: string; state: string }[]> =>
  (await run('signing-keys', 'list')).signing_keys
const states = (keys: readonly { kid: string; state: string }[]) =>
  Object.fromEntries(keys.map(({ kid, state }) => [state, kid]))

/** What the schedule has written in the audit; waits until there is something. */
async function waitForSchedule(action: RegExp): Promise<readonly Row[]> {
  let rows: readonly Row[] = []
  await waitUntil(
    async () => {
      rows = (await readAudit()).filter((row) => row.actor === 'schedule' && action.test(row.action))
      return rows.length > 0
    },
    () => 'the schedule has written nothing in the audit',
  )
  return rows
}

async function kidOfToken(): Promise<string> {
  const response = await fetch(service?.url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      key_id: service?.keyId,
      key_secret: service?.keySecret,
      scopes: [UPLOAD_SCOPE],
    }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
}

test.each<[string, number, readonly string[]]>([
  ['30 days', 30, []],
  ['the days that it is told', 3, ['--signing-key-rotation-days', '3']],
])(
  'a started service rotates a signing key that has signed for %s, and no younger one',
  async (_, days, args) => {
    const before = states(await readSigningKeys())
    const setAge = (seconds: number) =>
      age(
        `update signing_keys set created_at = unixepoch() - ${seconds}, activated_at = unixepoch() - ${seconds}`,
      )
    setAge(days * DAYS - 3600)
    service = await startService({ dataDir, args })
    expect(await kidOfToken()).toBe(before.active)
    await service.stop()
    expect(states(await readSigningKeys())).toEqual(before)
    setAge(days * DAYS)
    service = await startService({ dataDir, args })
    const rows = await waitForSchedule(/^signing_key/)
    expect(rows.every(({ origin }) => origin === 'start')).toBe(true)
    const after = states(await readSigningKeys())
    expect(after).toMatchObject({ active: before.next, retired: before.active })
    await waitUntil(
      async () => (await kidOfToken()) === before.next,
      () => 'the service signs with the key of before',
    )
    const published = await (await fetch(service.url + KEY_SET_PATH)).text()
    for (const kid of Object.values(after)) expect(published).toContain(kid)
  },
)

test('a started service keeps the audit to its retention: older rows go, with a row and a checkpoint in their place', async () => {
  const rows = await readAudit()
  const last = rows[0]?.id ?? 0
  expect(last).toBeGreaterThan(1)
  age(`update audit set at = at - ${31 * DAYS} where id < ${last}`)
  service = await startService({ dataDir })
  // For ever, unless told.
  expect((await readAudit()).map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
  await service.stop()
  service = await startService({ dataDir, args: ['--audit-retention-days', '30'] })
  const [pruned] = await waitForSchedule(/^audit\.prune$/)
  expect(pruned).toMatchObject({
    id: last + 1,
    origin: 'start',
    detail: { rows: last - 1, last_id: last - 1 },
  })
  expect((await readAudit()).map(({ id }) => id)).toEqual([last + 1, last])
  expect(await run('audit', 'verify')).toMatchObject({ whole: true, rows: 2, removed: last - 1 })
})
