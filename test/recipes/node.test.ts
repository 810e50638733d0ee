import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeRecipeFolder, type RecipeFolder, recipe } from '../support/run-recipe.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { type RunningService, startService } from '../support/start-service.ts'

let service: RunningService
let analyzers: Analyzers
let folder: RecipeFolder

beforeAll(async () => {
  service = await startService()
  analyzers = await startAnalyzers(service.url)
  folder = makeRecipeFolder(service)
})
afterAll(async () => {
  folder.remove()
  await analyzers.close()
  await service.stop()
})

const upload = (keySecret: string) =>
  folder.run(process.execPath, [recipe('node/upload.mjs'), 'meeting.mp4'], {
    INTERHUMAN_KEY_ID: service.keyId,
    INTERHUMAN_KEY_SECRET: keySecret,
    INTERHUMAN_API_URL: service.url,
    UPLOAD_URL: analyzers.url,
  })

test('node/upload.mjs uploads a file through the guard, and ends as soon as it is done', async () => {
  const { code, stdout, stderr } = await upload(service.keySecret)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({ received_bytes: analyzers.uploads.at(-1) })
})

test('node/upload.mjs with a wrong secret sends no file, and shows no secret where it fails', async () => {
  const before = analyzers.uploads.length
  const { code, stdout, stderr } = await upload('ih_live_LEAK')
  expect(code).toBe(1)
  expect(stderr).toContain('RefusalError')
  expect(stdout + stderr).not.toMatch(/LEAK|eyJ/)
  expect(analyzers.uploads).toHaveLength(before)
})

test('node/openid-client.mjs gets a token as any OAuth 2 client does, and gives it back', async () => {
  // The issuer does not follow the port of a test.
  const redirect = `const send=fetch;globalThis.fetch=(url,init)=>send(String(url).replace('http://127.0.0.1:4747','${service.url}'),init)`
  const hook = `data:text/javascript,${encodeURIComponent(redirect)}`
  const { code, stdout, stderr } = await folder.run(
    process.execPath,
    ['--import', hook, recipe('node/openid-client.mjs')],
    { INTERHUMAN_KEY_ID: service.keyId, INTERHUMAN_KEY_SECRET: service.keySecret },
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^a token of \d+ characters for 900 seconds\n$/)
})
