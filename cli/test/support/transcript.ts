/** Stands for all the lines that follow. */
export const REST = '{...}'

/** One command line of a transcript, and all that it is to do. */
export interface Step {
  readonly args: readonly string[]
  readonly stdin: string
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly code: number
  /** How many requests reached the API, where the transcript says. */
  readonly sent: number | undefined
}

/** A file that is there before the first command, below the home folder. */
export interface Fixture {
  readonly path: string
  readonly mode: number
  readonly text: string
}

/** What the API answers with: one line a request, in order. */
export interface Scripted {
  readonly status: number
  readonly body: string
}

/** A transcript, read. */
export interface Transcript {
  /** The promise: the comment that it begins with. */
  readonly title: string
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly Fixture[]
  readonly answers: readonly Scripted[]
  readonly steps: readonly Step[]
}

/**
 * Reads a transcript. A line is what its first word says:
 *
 *     # the promise, the first of these being the test's name
 *     env NAME=value
 *     file PATH MODE, below home, its text in the lines after it that begin with two spaces
 *     answer STATUS BODY, what the API says to the next request
 *     $ interhuman-auth ARGUMENTS, split at spaces, 'single quotes' keep them
 *     < a line on standard input
 *     > a line of standard output
 *     ! a line of standard error, without `interhuman-auth: `
 *     sent N, requests that came to the API
 *     = the exit code, which ends the step
 *
 * `{api}` and `{home}` stand for the address and the folder of the run, `{*}` for anything within an expected line, and
 * `{...}` as a last line for all that follows.
 *
 * @throws {Error} on a line of no known form.
 */
export function parseTranscript(text: string): Transcript {
  const comments: string[] = []
  const env: Record<string, string> = {}
  const files: { path: string; mode: number; text: string }[] = []
  const answers: Scripted[] = []
  const steps: Step[] = []
  let open = newStep()
  for (const line of text.split('\n')) {
    const [word = '', rest = ''] = split(line, ' ')
    const file = files.at(-1)
    if (line === '') continue
    else if (word === '#') comments.push(rest)
    else if (word === 'env') env[split(rest, '=')[0]] = split(rest, '=')[1]
    else if (word === 'file') files.push(readFixture(rest))
    else if (line.startsWith('  ') && file !== undefined) file.text += `${line.slice(2)}\n`
    else if (word === 'answer') answers.push(readAnswer(rest))
    else if (word === '$') open = { ...newStep(), args: readArguments(rest) }
    else if (word === '<') open.stdin += `${rest}\n`
    else if (word === '>') open.stdout.push(rest)
    else if (word === '!') open.stderr.push(rest)
    else if (word === 'sent') open.sent = Number(rest)
    else if (word === '=') steps.push({ ...open, code: Number(rest) })
    else throw new Error(`a line of no known form: ${line}`)
  }
  return { title: comments[0] ?? '', env, files, answers, steps }
}

/** Says whether a line is as expected: the same, but for `{*}`, which stands for anything. */
export function matchesLine(expected: string, line: string): boolean {
  const pattern = expected.split('{*}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}$`).test(line)
}

function newStep() {
  return {
    args: [] as string[],
    stdin: '',
    stdout: [] as string[],
    stderr: [] as string[],
    code: -1,
    sent: undefined as number | undefined,
  }
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

function readFixture(rest: string): { path: string; mode: number; text: string } {
  const [path = '', mode = '0600'] = rest.split(' ')
  return { path, mode: Number.parseInt(mode, 8), text: '' }
}

function readAnswer(rest: string): Scripted {
  const [status, body] = split(rest, ' ')
  return { status: Number(status), body }
}

function readArguments(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  if (words[0] !== 'interhuman-auth') throw new Error(`a transcript runs interhuman-auth alone: ${line}`)
  return words.slice(1)
}
