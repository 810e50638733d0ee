import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../project.mjs'

const run = promisify(execFile)
const INSTALL_TIMEOUT_MS = 180_000

/**
 * A Node to run the suite on, or why there is none here.
 *
 * @typedef {{ name: string, node: string } | { name: string, reason: string }} Runtime
 */

/**
 * Finds Node 20 and 22, each installed once into a folder of its own from the package that ships it, and the Node that
 * runs this.
 *
 * @returns {Promise<Runtime[]>}
 */
export async function findRuntimes() {
  const others = await Promise.all([findNode('node-20', 'Node 20'), findNode('node-22', 'Node 22')])
  return [...others, { name: `Node ${process.versions.node.split('.')[0]}`, node: process.execPath }]
}

/**
 * @param {string} folder
 * @param {string} name
 * @returns {Promise<Runtime>}
 */
async function findNode(folder, name) {
  const place = path.join(ROOT, 'tools/runtimes', folder)
  const { optionalDependencies } = JSON.parse(await readFile(path.join(place, 'package.json'), 'utf8'))
  const binaryPackage = `node-${process.platform}-${process.arch}`
  const version = optionalDependencies[binaryPackage]
  if (version === undefined)
    return { name, reason: `no package ships it for ${process.platform} on ${process.arch}` }
  const node = path.join(place, 'node_modules', binaryPackage, 'bin/node')
  try {
    if (!existsSync(node) || (await versionOf(node)) !== `v${version}`) await install(place)
    if ((await versionOf(node)) === `v${version}`) return { name, node }
    return { name, reason: `the installed binary is not ${version}` }
  } catch (error) {
    return { name, reason: `it could not be installed: ${firstLine(error)}` }
  }
}

/** @param {string} node */
async function versionOf(node) {
  return (await run(node, ['--version'])).stdout.trim()
}

/** @param {string} cwd */
async function install(cwd) {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', args, { cwd, timeout: INSTALL_TIMEOUT_MS })
}

/** @param {unknown} error */
function firstLine(error) {
  return String(error instanceof Error ? error.message : error).split('\n')[0]
}
