import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { carryCases, clientCases, named, report, runCases } from './promises.mjs'
import { startProtected } from './protected.mjs'
import { startUpstream } from './upstream.mjs'

// The client in a real Chromium, in a page and in a web worker. The page and the API have one origin. Takes the
// executable as its argument.

const [, , executablePath = ''] = process.argv
const LAUNCH_TIMEOUT_MS = 30_000

const guarded = await startProtected()
const upstream = await startUpstream({
  '/': { type: 'text/html', body: '<!doctype html><title>client</title>' },
  '/ask.js': { type: 'text/javascript', body: await bundle('ask.mjs') },
  '/portable.js': { type: 'text/javascript', body: await bundle('portable.mjs') },
  '/worker.js': {
    type: 'text/javascript',
    body: `import { ask } from '/ask.js'
import { runPortable } from '/portable.js'
onmessage = async ({ data }) => postMessage(await (data === null ? runPortable() : ask(data)))
`,
  },
})
const browser = await chromium.launch({
  executablePath,
  timeout: LAUNCH_TIMEOUT_MS,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
})
const page = await browser.newPage()
await page.goto(upstream.url)
await runCases({
  ...named('client in a page', clientCases({ upstream, exchange: askPage })),
  ...named('client in a web worker', clientCases({ upstream, exchange: askWorker })),
  ...named('client in a page', carryCases({ guarded, carry: askPage })),
})
report('client in a page', await runPortableInPage())
report('client in a web worker', await askWorker(null))
await browser.close()
await Promise.all([upstream.close(), guarded.close()])

/**
 * The client as a browser gets it: it does not bundle if it imports anything of Node.
 *
 * @param {string} file
 */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  })
  return outputFiles[0]?.text ?? ''
}

/** @param {string} apiUrl */
function askPage(apiUrl) {
  return page.evaluate(async (url) => {
    const script = '/ask.js'
    const { ask } = await import(script)
    return ask(url)
  }, apiUrl)
}

function runPortableInPage() {
  return page.evaluate(async () => {
    const script = '/portable.js'
    const { runPortable } = await import(script)
    return runPortable()
  })
}

/** @param {string | null} apiUrl `null` for the portable cases. @returns {Promise<any>} */
function askWorker(apiUrl) {
  return page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' })
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = () => reject(new Error('the worker failed'))
        worker.postMessage(url)
      }),
    apiUrl,
  )
}
