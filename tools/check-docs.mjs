import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ERRORS, errorSlug } from '@interhuman-auth/protocol'
import {
  findBrokenLinks,
  findErrorPageGaps,
  findMissingFiles,
  findUnknownCommands,
} from './document-rules.mjs'
import { listFiles } from './list-files.mjs'
import { readMarkdown } from './markdown.mjs'
import { ROOT, WORKSPACES } from './project.mjs'

// Links, anchors, files and commands in the documents are those that exist. CHANGELOG.md tells of the past and is left out.

const files = await listFiles(ROOT)
const paths = new Set(files.flatMap((file) => withFolders(file)))
const documents = new Map()
for (const file of files)
  if (file.endsWith('.md') && !/^(?:CHANGELOG\.md$|data\/)/.test(file))
    documents.set(file, readMarkdown(await readFile(path.join(ROOT, file), 'utf8')))

const { scripts } = await readJson('package.json')
const manifests = await Promise.all(WORKSPACES.map((workspace) => readJson(`${workspace}/package.json`)))
const bins = manifests.flatMap(({ bin = {} }) => Object.keys(bin))
const project = { documents, paths, scripts: Object.keys(scripts), bins }
const slugs = Object.values(ERRORS).map(errorSlug)

const problems = [
  ...findBrokenLinks(project),
  ...findMissingFiles(project),
  ...findUnknownCommands(project),
  ...findErrorPageGaps(slugs, documents.get('docs/errors.md')),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {string} file */
function withFolders(file) {
  const parts = file.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** @param {string} file */
async function readJson(file) {
  return JSON.parse(await readFile(path.join(ROOT, file), 'utf8'))
}
