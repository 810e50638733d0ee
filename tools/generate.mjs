import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildSkill } from './build-skill.mjs'
import { ROOT } from './project.mjs'
import { writeConfiguration } from './write-configuration.mjs'
import { writeErrors } from './write-errors.mjs'
import { writeManual } from './write-manual.mjs'
import { writeOpenApi } from './write-openapi.mjs'
import { writePlugins } from './write-plugins.mjs'

// npm run generate: writes every file that is made from another one. With --check it writes nothing and fails on a difference.

const files = new Map([
  ['docs/errors.md', writeErrors()],
  ['docs/configuration.md', await writeConfiguration()],
  ['cli/man/interhuman-auth.1', await writeManual()],
  ['docs/openapi.json', await writeOpenApi()],
  ...(await buildSkill()),
  ...(await writePlugins()),
])

const check = process.argv.includes('--check')
for (const [file, wanted] of files) {
  const there = await readFile(path.join(ROOT, file), 'utf8').catch(() => undefined)
  if (there === wanted) continue
  if (check) {
    console.error(`${file} is not what its source says: run npm run generate`)
    process.exitCode = 1
  } else {
    await mkdir(path.dirname(path.join(ROOT, file)), { recursive: true })
    await writeFile(path.join(ROOT, file), wanted)
    console.error(`wrote ${file}`)
  }
}
