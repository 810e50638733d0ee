import { COMMANDS, type CommandRow, OPTIONS, type OptionName, type OptionRow } from './command-table.ts'

const WIDTH = 100
const INDENT = 22

/** Writes the help text of a command, from the table that its options are read by. */
export function formatHelp(command: CommandRow): string {
  const usage = command.options.map((name) => formatUse(name, command.required.includes(name)))
  return [
    wrap(`Usage: ${command.start} ${usage.join(' ')}`, 0, 7),
    '',
    wrap(`${capitalised(command.summary)}.`, 0, 0),
    '',
    ...command.options.map((name) => formatRow(`  ${typed(name)}`, OPTIONS[name].help)),
    '',
    ...command.notes.map((note) => `${wrap(note, 0, 0)}\n`),
  ].join('\n')
}

/** Writes the help text of `interhuman-auth` itself. */
export function formatOverview(): string {
  return [
    'Usage: interhuman-auth <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => formatRow(`  ${name}`, summary)),
    '',
    formatRow('  --help', "print this text; after a command, that command's"),
    formatRow('  --version', 'print the version'),
    '',
    'Independent of Interhuman, and not affiliated with it.',
    '',
  ].join('\n')
}

function formatUse(name: OptionName, required: boolean): string {
  const once = required ? typed(name) : `[${typed(name)}]`
  const { multiple }: OptionRow = OPTIONS[name]
  if (multiple !== true) return once
  return required ? `${once} [${typed(name)}]...` : `${once}...`
}

function typed(name: OptionName): string {
  const { value }: OptionRow = OPTIONS[name]
  return value === undefined ? `--${name}` : `--${name} ${value}`
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
