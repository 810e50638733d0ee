import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCommandLine } from '../src/command-line.ts'
import { UsageError } from '../src/usage-error.ts'

const parse = async (line: string) => {
  const read = await parseCommandLine(line.split(' ').filter((word) => word !== ''))
  if (read.kind !== 'run') throw new Error(`it asks for ${read.kind}`)
  return read
}
const ID = 'ihk_00000000000000000000'

async function refusal(args: readonly string[]): Promise<string> {
  try {
    await parseCommandLine(args)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  throw new Error(`it was taken: ${args.join(' ')}`)
}

test('signing-keys revoke waits where it is told to, and no other signing-keys command does', async () => {
  const expected = (waitSeconds: number | undefined) => ({ kind: 'revoke', kid: 'k', waitSeconds })
  expect((await parse('signing-keys revoke k')).command).toEqual(expected(undefined))
  expect((await parse('signing-keys revoke k --wait')).command).toEqual(expected(10))
  expect((await parse('signing-keys revoke k --wait --timeout 3')).command).toEqual(expected(3))
  for (const line of ['signing-keys list --wait', 'signing-keys rotate --wait'])
    await expect(parse(line)).rejects.toThrow('--wait goes with signing-keys revoke')
  await expect(parse('signing-keys revoke k --timeout 3')).rejects.toThrow('--timeout goes with --wait')
})

test.each(['-', '--'])('the id of a signing key that begins with %s is no option', async (hyphens) => {
  const kid = hyphens.padEnd(43, 'h_k-')
  const revoke = { kind: 'revoke', kid, waitSeconds: 3 }
  for (const line of [`revoke ${kid} --wait --timeout 3`, `--wait --timeout 3 revoke ${kid}`])
    expect((await parse(`signing-keys ${line}`)).command).toEqual(revoke)
  expect((await parse(`signing-keys revoke --wait --timeout 3 -- ${kid}`)).command).toEqual(revoke)
  expect((await parse(`audit list --subject ${kid} --limit 5`)).command).toMatchObject({
    subject: kid,
    limit: 5,
  })
  expect(await refusal(['signing-keys', 'revoke', `${kid}h`])).toMatch(/^unknown option/)
  expect(await refusal(['signing-keys', 'revoke', kid, kid])).toBe('signing-keys revoke needs one kid')
})

test('start takes the settings as flags', async () => {
  const { command, flags } = await parse('start --first-key --port 0 --data-dir d --max-body-bytes=2048')
  expect(command).toEqual({ firstKey: true })
  expect(flags).toMatchObject({ port: '0', 'data-dir': 'd', 'max-body-bytes': '2048', host: undefined })
  expect((await parse('start')).command).toEqual({ firstKey: false })
})

test.each(['help', '--help', '-h', 'keys --help', 'start --help'])('%s asks for help', async (line) => {
  expect(await parseCommandLine(line.split(' '))).toEqual({ kind: 'help' })
})

test.each(['keys list --port 1', '--port 1 keys list', '--limit 100 keys list', 'keys --limit 100 list'])(
  'options may stand anywhere: %s',
  async (line) => {
    expect((await parse(line)).command).toEqual({ kind: 'list', request: { after: null, limit: 100 } })
  },
)

test('--version asks for the version', async () => {
  expect(await parseCommandLine(['--version'])).toEqual({ kind: 'version' })
})

test('keys create takes name, scopes, expiry and where the secret goes', async () => {
  const line =
    'keys create --name n --scope a --scope b --expires-in-seconds 60 --credentials-file f --api-url https://a.test --json'
  expect(await parse(line)).toMatchObject({
    json: true,
    command: {
      kind: 'create',
      options: {
        name: 'n',
        scopes: ['a', 'b'],
        expiresInSeconds: 60,
        credentialsFile: 'f',
        apiUrl: 'https://a.test',
      },
    },
  })
})

test('keys list has a page', async () => {
  expect((await parse('keys list')).command).toEqual({ kind: 'list', request: { after: null, limit: 100 } })
  const page = (await parse(`keys list --limit 5 --after ${ID}`)).command
  expect(page).toEqual({ kind: 'list', request: { after: ID, limit: 5 } })
})

test('show, rotate, disable, enable and revoke name one key', async () => {
  expect((await parse(`keys show ${ID}`)).command).toEqual({ kind: 'show', keyId: ID })
  for (const change of ['disable', 'enable', 'revoke']) {
    const expected = (waitSeconds: number | undefined) => ({
      kind: 'change state',
      keyId: ID,
      options: { word: change, waitSeconds },
    })
    expect((await parse(`keys ${change} ${ID}`)).command).toEqual(expected(undefined))
    expect((await parse(`keys ${change} ${ID} --wait`)).command).toEqual(expected(10))
    expect((await parse(`keys ${change} ${ID} --wait --timeout 3`)).command).toEqual(expected(3))
    await expect(parse(`keys ${change} ${ID} --timeout 3`)).rejects.toThrow('--timeout goes with --wait')
  }
  expect((await parse(`keys rotate ${ID} --overlap-seconds 0`)).command).toMatchObject({
    kind: 'rotate',
    keyId: ID,
    options: { overlapSeconds: 0 },
  })
})

test('keys change takes what shall be another, and 0 and never for an expiry', async () => {
  const change = async (line: string) => (await parse(`keys change ${ID} ${line}`)).command
  const options = { name: undefined, scopes: [], expiresInSeconds: undefined, direct: undefined }
  expect(await change('--name n --scope a --scope b --expires-in-seconds 0 --direct on')).toEqual({
    kind: 'change',
    keyId: ID,
    options: { name: 'n', scopes: ['a', 'b'], expiresInSeconds: 0, direct: true },
  })
  expect(await change('--expires-in-seconds never --direct off')).toMatchObject({
    options: { ...options, expiresInSeconds: null, direct: false },
  })
  expect(await change('')).toMatchObject({ options })
  expect((await parse(`keys end-overlap ${ID} --force`)).command).toEqual({
    kind: 'end overlap',
    keyId: ID,
    options: { force: true },
  })
})

test('keys scan takes any number of paths', async () => {
  expect((await parse('keys scan a b')).command).toEqual({ kind: 'scan', paths: ['a', 'b'] })
})

test('admin-tokens create, list and revoke', async () => {
  expect((await parse('admin-tokens create --name ci')).command).toEqual({
    kind: 'create',
    options: { name: 'ci', expiresInSeconds: 7_776_000 },
  })
  expect((await parse('admin-tokens list')).command).toEqual({ kind: 'list' })
  expect((await parse('admin-tokens revoke ihat_1')).command).toEqual({
    kind: 'revoke',
    adminTokenId: 'ihat_1',
  })
})

test.each([
  ['', 'no command'],
  ['LEAK', 'unknown command'],
  ['start LEAK', 'start takes no argument'],
  ['start --json', 'start has no --json; its log is JSON, on standard error'],
  ['--json start --first-key', 'start has no --json; its log is JSON, on standard error'],
  ['keys', 'keys needs create, list, show, rotate, end-overlap, change, disable, enable, revoke or scan'],
  ['keys scan', 'keys scan needs a file or a folder'],
  ['keys LEAK', 'unknown keys command'],
  ['keys constructor x', 'unknown keys command'],
  ['keys LEAK a b', 'unknown keys command'],
  ['keys show', 'keys show needs a key id'],
  ['keys show LEAK LEAK', 'keys show takes at most one key id'],
  ['keys create ih_live_LEAK', 'keys create takes no argument'],
  ['config', 'config needs check'],
  ['config LEAK', 'config needs check'],
  ['config check LEAK', 'config check takes no argument'],
  ['admin-tokens', 'admin-tokens needs create, list or revoke'],
  ['admin-tokens LEAK', 'unknown admin-tokens command'],
  ['admin-tokens revoke', 'admin-tokens revoke needs one id'],
  ['admin-tokens list LEAK', 'admin-tokens list takes no argument'],
  [
    'admin-tokens create --expires-in-seconds 59',
    '--expires-in-seconds takes a whole number from 60 to 31536000',
  ],
  ['admin-tokens create --scope a', 'unknown option; a secret is never an option'],
  ['start --master-key LEAK', 'unknown option; a secret is never an option'],
  ['keys create --key-secret=LEAK', 'unknown option; a secret is never an option'],
  ['start --scope LEAK', 'unknown option; a secret is never an option'],
  ['--LEAK', 'unknown option; a secret is never an option'],
  ['start --LEAK', 'unknown option; a secret is never an option'],
  ['start --port', 'an option lacks its value or has one that it does not take'],
  ['start --first-key=LEAK', 'an option lacks its value or has one that it does not take'],
  ['keys list --limit LEAK', '--limit takes a whole number from 1 to 10000'],
  ['keys list --limit 0', '--limit takes a whole number from 1 to 10000'],
  ['keys create --expires-in-seconds 0', '--expires-in-seconds takes a whole number from 1 to 315360000'],
  ['keys create --expires-in-seconds 1e3', '--expires-in-seconds takes a whole number from 1 to 315360000'],
  [`keys change ${ID} --direct LEAK`, '--direct takes on or off'],
  [`keys change ${ID} --expires-in-seconds -1`, 'an option lacks its value or has one that it does not take'],
  [`keys create --expires-in-seconds never`, '--expires-in-seconds takes a whole number from 1 to 315360000'],
  [`keys rotate ${ID} --overlap-seconds 2592001`, '--overlap-seconds takes a whole number from 0 to 2592000'],
])('"%s" is refused with one line and without what was typed', async (line, message) => {
  expect(await refusal(line.split(' ').filter((word) => word !== ''))).toBe(message)
})

test.each([
  'LEAK',
  'ftp://LEAK',
  'https://u:LEAK@a.test',
  'https://a.test?LEAK',
  'https://a.test/#LEAK',
  'https://a\nb',
])('an address such as %j is refused: it will stand in a credentials file', async (url) => {
  expect(await refusal(['keys', 'create', '--api-url', url])).toMatch(
    /^--api-url takes an https URL, or http to this machine/,
  )
})

test('whatever is typed, an error never repeats an argument', async () => {
  const canary = fc.stringMatching(/^-{0,2}[a-z=]{0,8}LEAK[a-z=]{0,4}$/)
  const word = fc.oneof(
    fc.constantFrom('keys', 'create', 'start', 'show', '--json', '--scope', '--port', '--'),
    canary,
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
      try {
        await parseCommandLine(args)
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
        expect((error as Error).message).not.toContain('LEAK')
      }
    }),
    { numRuns: 2000 },
  )
})
