import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { listFiles } from './list-files.mjs'
import { ROOT, WORKSPACES } from './project.mjs'
import { runScript } from './run-command.mjs'

// npm run build: every workspace's src to dist. Quiet when nothing changed; stale output of a source that is gone is removed.

const compiler = 'node_modules/typescript/bin/tsc'
if (!existsSync(path.join(ROOT, compiler))) {
  process.stderr.write('interhuman-auth: nothing is installed yet; run "npm ci" first\n')
  process.exit(1)
}
for (const workspace of WORKSPACES) await removeLeftovers(path.join(ROOT, workspace))
const { code, output } = await runScript([compiler, '--build', '--pretty', 'false'])
process.stderr.write(output)
process.exitCode = code

/** @param {string} workspace */
async function removeLeftovers(workspace) {
  const dist = path.join(workspace, 'dist')
  for (const file of await listFiles(dist)) {
    const stem = /^(.*?)\.(?:d\.ts|js|js\.map)$/.exec(file)?.[1]
    if (stem !== undefined && !existsSync(path.join(workspace, 'src', `${stem}.ts`)))
      await rm(path.join(dist, file))
  }
}
