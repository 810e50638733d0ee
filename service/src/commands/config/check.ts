import type { CommandContext } from '../../command-group.ts'
import type { Setting } from '../../config/setting.ts'
import { CONFIGURATION } from '../../config/table.ts'
import type { Config, Reading, Source } from '../../config.ts'
import { readMasterKey } from '../../read-master-key.ts'
import type { Runtime } from '../../runtime.ts'
import { StartupError } from '../../startup-error.ts'

/** What is said of a setting; of a secret only whether there is one. */
interface SettingView {
  readonly setting: string
  /** `null` as well where what came is not allowed. */
  readonly value: string | number | boolean | null
  readonly allowed: boolean
  readonly source: Source['kind']
  /** The variable, flag or file that the value came from. */
  readonly from: string | null
}

/**
 * `config check`: reads every setting, every file of a secret that one names and the master key, by its command if it comes
 * from one, and opens nothing else. The settings go to standard output, and what is wrong to standard error, a line each.
 *
 * @returns 1 where something is wrong, so that `start` would refuse it.
 */
export async function checkConfig(
  settings: Reading,
  { runtime, json }: Pick<CommandContext, 'runtime' | 'json'>,
): Promise<number> {
  const { config } = settings
  const problems = [...settings.problems, ...(await findMasterKeyProblem(config, runtime))]
  const views = CONFIGURATION.map((row) => toView(row, settings))
  runtime.writeOutput(
    json ? `${JSON.stringify({ settings: views, problems }, null, 2)}\n` : formatViews(views),
  )
  for (const line of problems) runtime.writeMessage(line)
  return problems.length === 0 ? 0 : 1
}

/** The one in the data folder is not looked for: `start` may be about to make it. */
async function findMasterKeyProblem(
  config: Config,
  { randomBytes }: Pick<Runtime, 'randomBytes'>,
): Promise<string[]> {
  const { masterKey, masterKeyFile, masterKeyCommand } = config
  if (masterKey === null && masterKeyFile === null && masterKeyCommand === null) return []
  try {
    await readMasterKey(config, { file: '', inUse: true, randomBytes })
    return []
  } catch (error) {
    if (error instanceof StartupError) return [error.message]
    throw error
  }
}

function toView(row: Setting, { config, sources, texts, refused }: Reading): SettingView {
  const value = config[row.name as keyof Config]
  const source = sources.get(row.name) ?? { kind: 'default' }
  const allowed = !refused.has(row.name)
  return {
    setting: row.environment,
    value: allowed ? (row.secret ? tellSecret(value) : showValue(value, texts.get(row.name))) : null,
    allowed,
    source: source.kind,
    from: source.kind === 'default' ? null : source.name,
  }
}

function tellSecret(value: unknown): string {
  return value === null ? 'not set' : 'set'
}

/** As it counts, a path made absolute for one; what is no plain value as it was given. */
function showValue(value: unknown, text: string | undefined): SettingView['value'] {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  const shown = typeof value === 'string' ? value : (text ?? '')
  // What a terminal would take as a command is shown as what it is.
  return shown.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
}

function formatViews(views: readonly SettingView[]): string {
  const rows = views.map(({ setting, value, allowed, source, from }) => ({
    setting,
    value: allowed ? String(value ?? '-') : 'not allowed',
    origin: source === 'flag' || source === 'file' ? `${source} ${from}` : source,
  }))
  const width = Math.max(...rows.map(({ setting }) => setting.length))
  const valueWidth = Math.max(...rows.map(({ value }) => value.length))
  return rows
    .map(({ setting, value, origin }) => `${setting.padEnd(width)}  ${value.padEnd(valueWidth)}  ${origin}\n`)
    .join('')
}
