import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { findLockFaults, findRanges } from './lock-rules.mjs'
import { ROOT, WORKSPACES } from './project.mjs'

// What is installed is what was tried: exact versions, each with its hash, from wherever a machine takes its packages.

const apart = ['tools/runtimes/node-20/', 'tools/runtimes/node-22/', 'tools/validators/']
const locks = ['', ...apart].map((folder) => `${folder}package-lock.json`)
const manifests = ['', ...apart, ...WORKSPACES.map((folder) => `${folder}/`)].map(
  (folder) => `${folder}package.json`,
)

const problems = []
for (const file of locks) problems.push(...findLockFaults(file, await readJson(file)))
for (const file of manifests) problems.push(...findRanges(file, await readJson(file)))
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {string} file */
async function readJson(file) {
  return JSON.parse(await readFile(path.join(ROOT, file), 'utf8'))
}
