import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { ROOT } from './project.mjs'

// The skill's one script: the command's own code behind another entry, bundled into a file that runs alone and that a
// person can read. `node tools/build-skill.mjs` writes it.

const SCRIPT = 'skills/interhuman-authentication/scripts/interhuman-auth.mjs'
const ENTRY = 'cli/src/skill.ts'

const header = `// interhuman-auth, the skill's script: exchanges an Interhuman API key for an access token and hands on the answer's bytes.
// Sends the key to the address that came with it and nowhere else. Needs Node 20 or newer and nothing besides.
// Independent of Interhuman, and not affiliated with it.
//
// A built file, not to be edited: made from the sources named below by \`node tools/build-skill.mjs\`, not minified.`

/**
 * Bundles the skill's script from the sources of \`cli/\`, \`client/\` and \`protocol/\`.
 *
 * @returns {Promise<Map<string, string>>} What the files hold, by path relative to the root.
 */
export async function buildSkill() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    alias: {
      '@interhuman-auth/client/strict': './client/src/strict/index.ts',
      '@interhuman-auth/protocol': './protocol/src/index.ts',
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'inline',
    banner: { js: header },
    plugins: [keepComments],
    logLevel: 'silent',
  })
  const text = outputFiles[0]?.text ?? ''
  return new Map([[SCRIPT, releaseComments(text)]])
}

// esbuild keeps the comments that look like a licence, and no others: every one is made to look so on the way in. A docblock
// takes the name of what it describes with it, since what is not used is left out and its docblock is not.
/** @type {import('esbuild').Plugin} */
const keepComments = {
  name: 'keep-comments',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
      loader: 'ts',
      contents: (await readFile(file, 'utf8'))
        .replace(/^( *)\/\*\*/gm, '$1/*!')
        .replace(/^( *)\/\/ /gm, '$1//! ')
        .replace(
          /^\/\*!((?:(?!\*\/)[\s\S])*\*\/\n(?:export )?(?:default )?(?:async )?\w+\*? (\w+))/gm,
          '/*!<$2>$1',
        )
        // A table filled by calls stays, unless they are said to do nothing else.
        .replace(/^( +)(\w+\('[^']*'\),)$/gm, '$1/* @__PURE__ */ $2'),
    }))
  },
}

/** @param {string} text */
function releaseComments(text) {
  return text
    .replace(/^\/\*!<(\w+)>((?:(?!\*\/)[\s\S])*\*\/\n)(?=(.*))/gm, (_, name, comment, next) =>
      new RegExp(`^(?:async )?(?:function\\*?|class|var) ${name}\\d*\\b`).test(next) ? `/**${comment}` : '',
    )
    .replace(/^( *)\/\*!/gm, '$1/**')
    .replace(/^( *)\/\/! /gm, '$1// ')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, text] of await buildSkill()) await writeFile(path.join(ROOT, file), text)
}
