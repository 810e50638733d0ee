import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasCurl, makeRecipeFolder, type RecipeFolder, recipe } from '../support/run-recipe.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { type RunningService, startService } from '../support/start-service.ts'

let service: RunningService
let analyzers: Analyzers
let folder: RecipeFolder
let curl: boolean

beforeAll(async () => {
  curl = await hasCurl()
  service = await startService()
  analyzers = await startAnalyzers(service.url)
  folder = makeRecipeFolder(service)
})
afterAll(async () => {
  folder.remove()
  await analyzers.close()
  await service.stop()
})
beforeEach(({ skip }) => {
  skip(!curl, 'no curl 7.76 or newer on this machine')
  folder.takeCurls()
})

/** A credentials file with other words in it. */
function credentials(change: (text: string) => string, mode = 0o600): string {
  const file = join(folder.path, 'credentials.env')
  writeFileSync(file, change(readFileSync(service.credentialsFile, 'utf8')))
  chmodSync(file, mode)
  return file
}

describe('shell/exchange.sh', () => {
  const exchange = (args: string[], config = service.credentialsFile) =>
    folder.run('sh', [recipe('shell/exchange.sh'), ...args], { INTERHUMAN_CONFIG: config })

  test("prints the service's answer, for all scopes that are named, and starts nothing with the key in sight", async () => {
    const { code, stdout, stderr } = await exchange(['interhumanai.upload', 'interhumanai.stream'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^\{"access_token":"[^"]+","token_type":"Bearer","expires_in":900,"scope":"interhumanai\.upload interhumanai\.stream"\}$/,
    )
    const seen = folder.takeCurls()
    const words = ['/v0/auth', service.keySecret, service.keyId]
    expect(words.map((word) => seen.includes(word))).toEqual([true, false, false])
  })

  test('prints the body of a refusal as well, and fails', async () => {
    const config = credentials((text) => text.replace(service.keySecret, 'ih_live_LEAK'))
    const { code, stdout, stderr } = await exchange(['interhumanai.upload'], config)
    expect(code).toBe(22)
    expect(JSON.parse(stdout)).toMatchObject({ status_code: 401, error_id: 'ih2001' })
    expect(stderr).not.toContain('LEAK')
  })

  test.each([
    ['a file that others can read', (text: string) => text, 0o644, 3],
    ['a key that would need quoting', (text: string) => text.replace(/SECRET=.*/, 'SECRET=LEAK"'), 0o600, 3],
    [
      'plain http to another machine',
      (text: string) => text.replace(/URL=.*/, 'URL=http://192.0.2.1'),
      0o600,
      7,
    ],
    [
      'a host that only looks like this machine',
      (text: string) => text.replace(/URL=.*/, 'URL=http://127.0.0.1@evil.example'),
      0o600,
      7,
    ],
  ])('refuses %s before anything is sent', async (_what, change, mode, expected) => {
    const { code, stdout, stderr } = await exchange(['interhumanai.upload'], credentials(change, mode))
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
    expect(stderr).toMatch(/^exchange\.sh: /)
    expect(stderr).not.toMatch(/LEAK|ih_live_/)
    expect(folder.takeCurls()).toHaveLength(0)
  })
})

describe('shell/upload.sh', () => {
  const upload = (env: Record<string, string> = {}) =>
    folder.run('sh', [recipe('shell/upload.sh'), 'meeting.mp4'], { UPLOAD_URL: analyzers.url, ...env })

  test('uploads with the token of the command, and starts nothing with the token in sight', async () => {
    const { code, stdout, stderr } = await upload()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ received_bytes: analyzers.uploads.at(-1) })
    const seen = folder.takeCurls()
    const words = ['/v0/upload/analyze', 'Bearer', 'eyJ']
    expect(words.map((word) => seen.includes(word))).toEqual([true, false, false])
  })

  test('uploads nothing where the command gave no token, and ends with its exit code', async () => {
    const config = credentials((text) => text.replace(service.keySecret, 'ih_live_LEAK'))
    const { code, stdout } = await upload({ INTERHUMAN_CONFIG: config })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(folder.takeCurls()).toHaveLength(0)
  })
})
