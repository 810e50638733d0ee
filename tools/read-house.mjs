import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { listFiles } from './list-files.mjs'
import { scanSource } from './scan-source.mjs'

/**
 * One source file of the repository.
 *
 * @typedef {object} HouseFile
 * @property {string} path Relative to the root, with forward slashes.
 * @property {string} part The first folder of the path, a workspace or another part; '' at the root.
 * @property {'src' | 'test' | 'other'} area `src` is what a workspace publishes (its bin too), `test` its tests.
 * @property {import('./scan-source.mjs').Source} source
 */

/**
 * The repository as the checks of its arrows see it.
 *
 * @typedef {object} House
 * @property {string} root
 * @property {HouseFile[]} files
 * @property {Record<string, { name: string, dependencies: string[], entries: string[] }>} workspaces By folder; `entries`
 *   are what may be imported of it, as it is written.
 * @property {string[]} devDependencies
 */

/**
 * What breaks a rule, as a line for people: `path:line what is wrong`.
 *
 * @typedef {string} Problem
 */

/**
 * Reads every source file and package.json below a root.
 *
 * @param {string} root Absolute.
 * @returns {Promise<House>}
 */
export async function readHouse(root) {
  const manifest = await readManifest(root)
  const folders = manifest.workspaces ?? []
  /** @type {House['workspaces']} */
  const workspaces = {}
  for (const folder of folders) {
    const { name, exports = {}, ...manifest } = await readManifest(path.join(root, folder))
    const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies }
    const entries = Object.keys(exports).map((entry) => entry.replace('.', name))
    workspaces[folder] = { name, dependencies: Object.keys(dependencies), entries }
  }
  const paths = (await listFiles(root)).filter(
    (file) => /\.(?:ts|mts|js|mjs)$/.test(file) && !/(?:^|\/)dist\/|^skills\//.test(file),
  )
  const files = await Promise.all(paths.map((file) => readHouseFile(root, file, folders)))
  return { root, files, workspaces, devDependencies: Object.keys(manifest.devDependencies ?? {}) }
}

/**
 * @param {string} root
 * @param {string} file
 * @param {string[]} folders
 * @returns {Promise<HouseFile>}
 */
async function readHouseFile(root, file, folders) {
  const [part = '', inside = ''] = file.includes('/') ? file.split('/') : []
  const area = !folders.includes(part) ? 'other' : ['src', 'bin'].includes(inside) ? 'src' : 'test'
  return { path: file, part, area, source: scanSource(await readFile(path.join(root, file), 'utf8')) }
}

/**
 * @param {string} folder
 * @returns {Promise<{ name: string, workspaces?: string[], dependencies?: object, optionalDependencies?: object, devDependencies?: object, exports?: object }>}
 */
async function readManifest(folder) {
  const file = path.join(folder, 'package.json')
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : { name: '' }
}

/**
 * Says where a relative specifier leads, relative to the root.
 *
 * @param {HouseFile} file
 * @param {string} specifier
 */
export function resolveRelative(file, specifier) {
  return path.posix.join(path.posix.dirname(file.path), specifier)
}

/**
 * Takes the package's name out of a bare specifier: `@a/b/c` → `@a/b`.
 *
 * @param {string} specifier
 */
export function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
