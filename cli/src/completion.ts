// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the shells' own, not ours
import type { CommandRow } from './command-row.ts'
import type { OptionRow } from './option-table.ts'

type Commands = Readonly<Record<string, CommandRow>>

/** The shells that completions are written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number]

/** Writes the completion of a shell from the table of commands. */
export function formatCompletion(shell: Shell, commands: Commands): string {
  return { bash, zsh, fish }[shell](commands)
}

const global = ['--help', '--version']

function bash(commands: Commands): string {
  const cases = Object.entries(commands).flatMap(([name, row]) => {
    const valued = row.options.filter(takesValue)
    return [
      `    ${name})`,
      '      case $prev in',
      ...valued.map((option) => `        --${option.name}) ${bashValues(option)}return ;;`),
      '      esac',
      `      words=${quote([...row.options.map(typedName), ...(row.operand?.choices ?? [])].join(' '))}`,
      '      ;;',
    ]
  })
  const withRest = Object.entries(commands).filter(([, { rest }]) => rest !== undefined)
  return [
    '# Completion of interhuman-auth for bash: source <(interhuman-auth completion bash)',
    '_interhuman_auth_files() {',
    "  local IFS=$'\\n'",
    '  compopt -o filenames 2>/dev/null',
    '  COMPREPLY=($(compgen -f -- "$cur"))',
    '}',
    '_interhuman_auth() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words= i',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W ${quote([...Object.keys(commands), ...global].join(' '))} -- "$cur"))`,
    '    return',
    '  fi',
    ...(withRest.length === 0
      ? []
      : [
          '  case $command in',
          `    ${withRest.map(([name]) => name).join('|')})`,
          '      for ((i = 2; i < COMP_CWORD; i++)); do',
          '        [ "${COMP_WORDS[i]}" = -- ] || continue',
          '        if [ "$prev" = -- ]; then COMPREPLY=($(compgen -c -- "$cur")); else _interhuman_auth_files; fi',
          '        return',
          '      done',
          '      ;;',
          '  esac',
        ]),
    '  case $command in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '}',
    'complete -F _interhuman_auth interhuman-auth',
    '',
  ].join('\n')
}

function bashValues(option: OptionRow): string {
  if (option.file === true) return '_interhuman_auth_files; '
  const words = suggestions(option)
  return words.length === 0 ? '' : `COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$cur")); `
}

function zsh(commands: Commands): string {
  const cases = Object.entries(commands).flatMap(([name, row]) => [
    `    ${name})`,
    `      _arguments ${[...row.options.map(zshOption), ...zshOperand(row)].join(' \\\n        ')}`,
    '      ;;',
  ])
  return [
    '#compdef interhuman-auth',
    '# Completion of interhuman-auth for zsh: source <(interhuman-auth completion zsh)',
    '_interhuman_auth() {',
    '  local -a commands',
    '  commands=(',
    ...Object.entries(commands).map(([name, { summary }]) => `    ${quote(`${name}:${summary}`)}`),
    '  )',
    '  if (( CURRENT == 2 )); then',
    `    _describe -t commands command commands`,
    `    compadd -- ${global.join(' ')}`,
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...cases,
    '  esac',
    '}',
    'if [ "$funcstack[1]" = _interhuman_auth ]; then _interhuman_auth "$@"; else compdef _interhuman_auth interhuman-auth; fi',
    '',
  ].join('\n')
}

function zshOption(option: OptionRow): string {
  const text = option.help.replace(/[[\]:\\]/g, '\\$&')
  const repeat = option.multiple === true ? '*' : ''
  return quote(`${repeat}--${option.name}[${text}]${takesValue(option) ? zshValue(option) : ''}`)
}

function zshValue(option: OptionRow): string {
  if (option.file === true) return ':file:_files'
  const words = suggestions(option)
  return words.length === 0 ? `:${option.name}: ` : `:${option.name}:(${words.join(' ')})`
}

function zshOperand({ operand, rest }: CommandRow): string[] {
  if (rest !== undefined) return [quote('*::: :_normal')]
  if (operand === undefined) return []
  return [
    quote(`1:${operand.name}:${operand.choices === undefined ? ' ' : `(${operand.choices.join(' ')})`}`),
  ]
}

function fish(commands: Commands): string {
  const lines = Object.entries(commands).flatMap(([name, row]) => {
    const seen = `complete -c interhuman-auth -n ${quote(`__fish_seen_subcommand_from ${name}`)}`
    const operands = row.operand?.choices ?? []
    return [
      `complete -c interhuman-auth -n __fish_use_subcommand -a ${name} -d ${quoteFish(row.summary)}`,
      ...row.options.map(
        (option) => `${seen} -l ${option.name}${fishValue(option)} -d ${quoteFish(option.help)}`,
      ),
      ...(operands.length === 0 ? [] : [`${seen} -a ${quote(operands.join(' '))}`]),
      ...(row.rest === undefined ? [] : [`${seen} -a '(__fish_complete_subcommand)'`]),
    ]
  })
  return [
    '# Completion of interhuman-auth for fish: interhuman-auth completion fish | source',
    'complete -c interhuman-auth -f',
    ...global.map((name) => `complete -c interhuman-auth -n __fish_use_subcommand -l ${name.slice(2)}`),
    ...lines,
    '',
  ].join('\n')
}

function fishValue(option: OptionRow): string {
  if (!takesValue(option)) return ''
  if (option.file === true) return ' -r -F'
  const words = suggestions(option)
  return words.length === 0 ? ' -x' : ` -x -a ${quote(words.join(' '))}`
}

function suggestions({ choices, suggested }: OptionRow): readonly string[] {
  return choices ?? suggested ?? []
}

function takesValue({ value, choices }: OptionRow): boolean {
  return value !== undefined || choices !== undefined
}

function typedName({ name }: OptionRow): string {
  return `--${name}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function quoteFish(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
