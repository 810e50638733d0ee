import type { CommandRow } from './command-row.ts'
import type { OptionRow } from './option-table.ts'

const WIDTH = 100
const INDENT = 22

/** Writes the help text of a command, from the table that its options are read by. */
export function formatHelp(command: CommandRow): string {
  const { operand } = command
  return [
    wrap(`Usage: ${formatUsage(command)}`, 0, 7),
    '',
    wrap(`${capitalised(command.summary)}.`, 0, 0),
    '',
    ...(operand === undefined ? [] : [formatRow(`  ${placeholder(operand)}`, operand.help), '']),
    ...command.options.map((option) => formatRow(`  ${typed(option)}`, option.help)),
    '',
    ...command.notes.map((note) => `${wrap(note, 0, 0)}\n`),
  ].join('\n')
}

/** Writes what can be typed for a command, on one line. */
export function formatUsage({ start, options, required, operand, rest }: CommandRow): string {
  return [
    start,
    ...options.map((option) => formatUse(option, required.includes(option.name))),
    ...(operand === undefined ? [] : [operand.required ? placeholder(operand) : `[${placeholder(operand)}]`]),
    ...(rest === undefined ? [] : ['--', rest]),
  ].join(' ')
}

/** Writes the help text of `interhuman-auth` itself. */
export function formatOverview(commands: Readonly<Record<string, CommandRow>>): string {
  return [
    'Usage: interhuman-auth <command> [options]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => formatRow(`  ${name}`, summary)),
    '',
    formatRow('  --help', "print this text; after a command, that command's"),
    formatRow('  --version', 'print the version'),
    '',
    'Independent of Interhuman, and not affiliated with it.',
    '',
  ].join('\n')
}

function formatUse(option: OptionRow, required: boolean): string {
  const once = required ? typed(option) : `[${typed(option)}]`
  if (option.multiple !== true) return once
  return required ? `${once} [${typed(option)}]...` : `${once}...`
}

/** Writes an option as it is typed: `--scope S`, `--api-version v0|v1`. */
export function typed(option: OptionRow): string {
  const value = option.value ?? option.choices?.join('|')
  return value === undefined ? `--${option.name}` : `--${option.name} ${value}`
}

function placeholder({ name, choices }: NonNullable<CommandRow['operand']>): string {
  return choices?.join('|') ?? name
}

function formatRow(left: string, right: string): string {
  const [first = '', ...rest] = wrap(right, 0, 0, WIDTH - INDENT).split('\n')
  const gap = left.length < INDENT ? left.padEnd(INDENT) : `${left}\n${' '.repeat(INDENT)}`
  return [gap + first, ...rest.map((line) => ' '.repeat(INDENT) + line)].join('\n')
}

/** Breaks at spaces, but never inside square brackets. */
function wrap(text: string, first: number, next: number, width = WIDTH): string {
  const lines: string[] = []
  let line = ' '.repeat(first)
  for (const word of text.match(/(?:\[[^\]]*\]|\S)+/g) ?? []) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '.repeat(next) + word
    } else line = line.trim() === '' ? line + word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
