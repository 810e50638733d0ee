import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isThere, type NamedTest } from '../../test/support/named-tests.ts'
import type { CommandRow } from '../src/command-row.ts'
import { COMMANDS } from '../src/command-table.ts'
import { answer, startRawServer } from './support/raw-server.ts'
import { runCommand, temporaryFolder } from './support/run-command.ts'
import { matchesLine, parseTranscript, REST, type Step } from './support/transcript.ts'

// Every command's behaviour, as it is seen: the files of `transcripts/`, whose form `support/transcript.ts` tells.

const FOLDER = fileURLToPath(new URL('transcripts/', import.meta.url))

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.txt'))
  .sort()
const transcripts = files.map((file) => ({
  file,
  ...parseTranscript(readFileSync(join(FOLDER, file), 'utf8')),
}))

describe('a transcript of the command', () => {
  test.for(transcripts)('$file: $title', async (transcript) => {
    const home = temporaryFolder()
    const script = [...transcript.answers]
    const server = await startRawServer((socket, request) => {
      const { status, body } = script.shift() ?? { status: 500, body: 'the transcript has no more answers' }
      answer(status, settle(body))(socket, request)
    })
    onTestFinished(server.stop)
    const settle = (text: string) => text.replaceAll('{api}', server.url).replaceAll('{home}', home)
    for (const { path, mode, text } of transcript.files) {
      const place = join(home, path)
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, settle(text))
      chmodSync(place, mode)
    }
    const env = Object.fromEntries(
      Object.entries(transcript.env).map(([name, value]) => [name, settle(value)]),
    )
    expect(transcript.steps).not.toEqual([])
    for (const step of transcript.steps) {
      const before = server.requests.length
      const { code, stdout, stderr } = await runCommand(step.args.map(settle), {
        cwd: home,
        env: { HOME: home, ...env },
        stdin: settle(step.stdin),
      })
      expect(stdout.toString() + stderr).not.toContain('LEAK')
      const seen = { code, ...compare(step, stdout.toString(), stderr, settle) }
      expect({ args: step.args, ...seen }).toEqual({
        args: step.args,
        code: step.code,
        stdout: step.stdout.map(settle),
        stderr: step.stderr.map(settle),
      })
      if (step.sent !== undefined) expect(server.requests.length - before).toBe(step.sent)
    }
  })
})

/** What no transcript can show, as a proxy runs until a signal ends it: the tests that do. */
const shownElsewhere: Readonly<Record<string, readonly NamedTest[]>> = {
  '--port': [
    {
      file: 'test/proxy.test.ts',
      name: 'takes a free port, or the one that it is told, or says that it is taken',
    },
  ],
  '--no-secret': [
    {
      file: 'test/proxy.test.ts',
      name: 'lets every program in where it was told to, and still no web page',
    },
  ],
  '--allow-origin': [
    { file: 'cli/test/proxy/proxy-options.test.ts', name: 'are read as they are typed' },
    { file: 'cli/test/proxy/gate.test.ts', name: 'that was let in comes through, letter for letter' },
  ],
}

describe('the transcripts together', () => {
  const lines = transcripts.flatMap(({ steps }) => steps.map(({ args }) => `${args.join(' ')} `))
  const commands: readonly [string, CommandRow][] = Object.entries(COMMANDS)

  test('show every command, with each of its operands', () => {
    const starts = commands.flatMap(([name, { operand }]) =>
      (operand?.choices ?? ['']).map((choice) => `${name} ${choice}`.trim()),
    )
    expect(starts.filter((start) => !lines.some((line) => line.startsWith(`${start} `)))).toEqual([])
  })

  test('show every option, and each of its choices, or else another test does', () => {
    const options = new Map(commands.flatMap(([, row]) => row.options.map((option) => [option.name, option])))
    const words = [...options.values()].flatMap(({ name, choices = [''] }) =>
      choices.map((choice) => `--${name} ${choice}`.trim()),
    )
    const absent = words.filter((word) => !lines.some((line) => line.includes(` ${word} `)))
    expect(absent.sort()).toEqual(Object.keys(shownElsewhere).sort())
    for (const named of Object.values(shownElsewhere).flat()) expect(named).toSatisfy(isThere)
  })
})

/** What was written, each line that is as expected in the expectation's own words, so that a difference reads well. */
function compare(step: Step, stdout: string, stderr: string, settle: (text: string) => string) {
  const align = (text: string, expected: readonly string[]) => {
    const rest = expected.indexOf(REST)
    const aligned = text.split('\n').flatMap((line, index, lines) => {
      if (line === '' && index === lines.length - 1) return []
      const wanted = settle(expected[index] ?? '')
      return [matchesLine(wanted, line) ? wanted : line]
    })
    return rest < 0 || aligned.length <= rest ? aligned : [...aligned.slice(0, rest), REST]
  }
  const unprefixed = stderr.replace(/^interhuman-auth: /gm, '')
  return { stdout: align(stdout, step.stdout), stderr: align(unprefixed, step.stderr) }
}
