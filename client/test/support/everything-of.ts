import { inspect } from 'node:util'

/** Everything that a log, a debugger or a crash report could make of a value. */
export function everythingOf(value: unknown, depth = 0): string {
  const seen = [
    inspect(value, { depth: Infinity, showHidden: true, getters: false }),
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    inspect(value, { depth: Infinity, compact: false, sorted: true }),
    attempt(() => String(value)),
    attempt(() => JSON.stringify(value)),
    attempt(() => JSON.stringify(value, Object.getOwnPropertyNames(value))),
    attempt(() => inspect(structuredClone(value), { depth: Infinity, showHidden: true })),
    inspect({ ...(value as object) }),
    tableOf(value),
  ]
  if (value instanceof Error && depth < 5) {
    seen.push(value.message, value.stack ?? '', value.name, everythingOf(value.cause, depth + 1))
    for (const inner of value instanceof AggregateError ? value.errors : [])
      seen.push(everythingOf(inner, depth + 1))
  }
  return seen.join('\n')
}

function attempt(make: () => string | undefined): string {
  try {
    return make() ?? ''
  } catch (fault) {
    return String(fault)
  }
}

function tableOf(value: unknown): string {
  const lines: unknown[] = []
  const { log } = console
  console.log = (...parts) => lines.push(...parts)
  try {
    console.table([value])
    console.table(value)
  } finally {
    console.log = log
  }
  return lines.join('\n')
}
