import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './project.mjs'
import { writeErrors } from './write-errors.mjs'

// npm run generate: writes every file that is made from another one. With --check it writes nothing and fails on a difference.

/** @type {Record<string, () => string | Promise<string>>} */
const files = {
  'docs/errors.md': writeErrors,
}

const check = process.argv.includes('--check')
for (const [file, write] of Object.entries(files)) {
  const wanted = await write()
  const there = await readFile(path.join(ROOT, file), 'utf8').catch(() => undefined)
  if (there === wanted) continue
  if (check) {
    console.error(`${file} is not what its source says: run npm run generate`)
    process.exitCode = 1
  } else {
    await writeFile(path.join(ROOT, file), wanted)
    console.error(`wrote ${file}`)
  }
}
