import { HTTP_SETTINGS } from './http.ts'
import { LIMIT_SETTINGS } from './limits.ts'
import { OBSERVATION_SETTINGS } from './observation.ts'
import { fileSetting, type Setting } from './setting.ts'
import { STORE_SETTINGS } from './store.ts'
import { TOKEN_SETTINGS } from './tokens.ts'
import { TRACE_SETTINGS } from './traces.ts'
import { parsePath } from './values.ts'

/** Every setting of the service in the order in which people read them. A new one is a row in the file of its group. */
const TABLE = [
  { title: 'Listening and limits of a request', rows: HTTP_SETTINGS },
  { title: 'Limits of a client', rows: LIMIT_SETTINGS },
  { title: 'Tokens and signing keys', rows: TOKEN_SETTINGS },
  { title: 'Store', rows: STORE_SETTINGS },
  { title: 'Logs and metrics', rows: OBSERVATION_SETTINGS },
  { title: 'Traces', rows: TRACE_SETTINGS },
] as const

type Row = (typeof TABLE)[number]['rows'][number]

/** How the service runs: each setting's value by its name. Times in milliseconds, sizes in bytes, as their names say. */
export type Config = {
  readonly [Each in Row as Each['name']]: Each extends Setting<string, infer Value> ? Value : never
}

/** Settings that belong together. */
export interface SettingGroup {
  readonly title: string
  readonly rows: readonly Setting[]
}

/** The table as it is read: behind each secret stands the setting of its file. */
export const CONFIGURATION_GROUPS: readonly SettingGroup[] = TABLE.map(({ title, rows }) => ({
  title,
  rows: rows.flatMap((row: Setting) => (row.byFile ? [row, fileSetting(row, parsePath)] : [row])),
}))

/** Every row of {@link CONFIGURATION_GROUPS}. */
export const CONFIGURATION: readonly Setting[] = CONFIGURATION_GROUPS.flatMap(({ rows }) => rows)
