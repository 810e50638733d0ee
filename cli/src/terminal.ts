import { EXIT, Refusal } from './exit-codes.ts'
import type { Surroundings } from './surroundings.ts'

/** A question, and whether what is typed may be seen. */
export interface Question {
  readonly text: string
  readonly echo: boolean
}

const LONGEST_ANSWER = 4096
const INTERRUPTED = 130
// Arrow keys, function keys and the marks of a pasted text: none of them is part of a key.
const escapeSequence = new RegExp(`${String.fromCharCode(27)}(?:\\[[0-9;?]*[ -/]*[@-~]|O.|.)?`, 'gu')

/**
 * Asks at the terminal, one question after the other; what is not to be seen is never written anywhere. The terminal is
 * as it was before when this ends, however it ends. Ctrl-C and, on an empty line, Ctrl-D end it.
 *
 * @throws {Refusal} 130 after Ctrl-C, 2 when the input ends or an answer is longer than 4,096 characters.
 */
export async function ask(
  { stdin, prompt, atSignal }: Pick<Surroundings, 'stdin' | 'prompt' | 'atSignal'>,
  questions: readonly Question[],
): Promise<string[]> {
  const restore = () => void stdin.setRawMode(false)
  atSignal(restore)
  stdin.setRawMode(true).setEncoding('utf8')
  try {
    const keys = readKeys(stdin)
    const answers: string[] = []
    for (const question of questions) answers.push(await askOne(question, keys, prompt))
    return answers
  } finally {
    restore()
    stdin.pause()
  }
}

async function askOne(
  { text, echo }: Question,
  keys: AsyncIterator<string>,
  prompt: (text: string) => void,
): Promise<string> {
  prompt(text)
  let answer = ''
  const show = (shown: string) => echo && prompt(shown)
  const refuse = (exitCode: number, why: string) => {
    prompt('\n')
    return new Refusal(exitCode, `${why}; nothing was stored`)
  }
  for (;;) {
    const { value: key, done } = await keys.next()
    if (done === true || (key === CTRL.d && answer === '')) throw refuse(EXIT.usage, 'the input ended')
    if (key === CTRL.c) throw refuse(INTERRUPTED, 'interrupted')
    if (key === '\r' || key === '\n') break
    if (key === CTRL.backspace || key === CTRL.h) {
      if (answer !== '') show('\b \b')
      answer = [...answer].slice(0, -1).join('')
    } else if (key === CTRL.u) {
      show('\b \b'.repeat([...answer].length))
      answer = ''
    } else if (key >= ' ') {
      answer += key
      show(key)
      if (answer.length > LONGEST_ANSWER) throw refuse(EXIT.usage, 'what was typed is too long for a key')
    }
  }
  prompt('\n')
  return answer.trim()
}

const CTRL = { c: '\u0003', d: '\u0004', h: '\b', u: '\u0015', backspace: '\u007F' } as const

/** Gives what is typed character by character; one that begins an escape sequence is dropped with the sequence. */
async function* readKeys(stdin: NodeJS.ReadStream): AsyncGenerator<string, void, void> {
  for await (const chunk of stdin.iterator({ destroyOnReturn: false }))
    yield* (chunk as string).replace(/\r\n/g, '\r').replace(escapeSequence, '')
}
