import { readdir } from 'node:fs/promises'

const outside = new Set(['node_modules', '.git', '.cache', 'coverage'])

/**
 * Lists the files below a folder as paths relative to it with forward slashes, sorted; a folder that is not there
 * has none. Installed packages and git's own files are left out.
 *
 * @param {string} folder Absolute.
 * @returns {Promise<string[]>}
 */
export async function listFiles(folder) {
  /** @type {string[]} */
  const files = []
  await visit(folder, '', files)
  return files.sort()
}

/**
 * @param {string} folder
 * @param {string} prefix
 * @param {string[]} files
 */
async function visit(folder, prefix, files) {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const entry of entries) {
    if (entry.isDirectory() && !outside.has(entry.name))
      await visit(`${folder}/${entry.name}`, `${prefix}${entry.name}/`, files)
    else if (entry.isFile()) files.push(prefix + entry.name)
  }
}
