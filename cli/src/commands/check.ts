import { type Resolved, readPlainSources, resolveCredential, type Source } from '../credentials/resolve.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Options } from '../options.ts'
import { formatRefusal, printJson } from '../run.ts'
import { describeSource, linePrinter, type Tell } from '../source-report.ts'
import type { Surroundings } from '../surroundings.ts'

/**
 * Says which sources hold a credential, which one counts and where its key goes; with `--online` also how far the way
 * there goes, whether the clocks agree and whether an exchange works. Never a value of a credential.
 *
 * @returns 0, or the exit code of the exchange.
 * @throws {Refusal} when no credential can be used, or no answer came.
 */
export async function check(options: Options, surroundings: Surroundings): Promise<number> {
  if (!options.json) {
    const print = linePrinter(surroundings)
    return tellAll(options, surroundings, async (lines) => {
      for (const line of lines) await print(line)
    })
  }
  const report: object = {}
  const tell: Tell = async (_, part) => void Object.assign(report, part)
  try {
    const exitCode = await tellAll(options, surroundings, tell)
    const failure = exitCode === EXIT.ok ? {} : { exit_code: exitCode }
    return await end(exitCode, { ok: exitCode === EXIT.ok, ...failure, ...report })
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault
    surroundings.say(fault.message)
    return await end(fault.exitCode, { ...formatRefusal(fault), ...report })
  }

  async function end(exitCode: number, value: object): Promise<number> {
    await printJson(value, surroundings)
    return exitCode
  }
}

async function tellAll(options: Options, surroundings: Surroundings, tell: Tell): Promise<number> {
  const sources = gatherSources(options, surroundings)
  await tell(sources.map(describeSource), { sources: sources.map(formatSource) })
  const resolved: Resolved = resolveCredential(sources, surroundings, options.apiUrl)
  const { source, apiUrl } = resolved
  await tell([`used: ${source.role}`, `address: ${apiUrl}`], { used: source.role, address: apiUrl })
  if (!options.online) return EXIT.ok
  const { checkOnline } = await import('../check-online.ts')
  return checkOnline(resolved, options, surroundings, tell)
}

/** The keychain is asked when it decides, or when that was asked for: it can be slow, and it can want to be unlocked. */
function gatherSources({ keychain }: Options, surroundings: Surroundings): Source[] {
  const sources = [...readPlainSources(surroundings)]
  const decides = sources.every(({ finding }) => finding.kind === 'absent')
  if (surroundings.keychain === undefined || !(keychain || decides)) return sources
  return [...sources, { name: 'keychain', role: 'keychain', finding: surroundings.keychain() }]
}

function formatSource({ role, name, finding }: Source): object {
  return {
    role,
    name,
    state: finding.kind,
    mode: 'mode' in finding ? finding.mode : undefined,
    reason: 'reason' in finding ? finding.reason : undefined,
  }
}
