import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './project.mjs'

// The manifests by which coding agents take the repository as a plugin. Each agent wants its own file with the same facts,
// which stand in package.json; each of them leads to the one folder of skills.

const SKILLS = './skills/'
const AUTHOR = { name: 'The interhuman-authentication contributors' }

/**
 * Writes the plugin manifests of Claude Code (Copilot reads the same two), Codex, Kimi Code and Gemini CLI
 * from package.json.
 *
 * @returns {Promise<Map<string, string>>} What the files hold, by path relative to the root.
 */
export async function writePlugins() {
  const { name, version, license } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  const description =
    'Exchange an Interhuman API key for a short-lived bearer token, handed on byte for byte. Independent, not affiliated with Interhuman.'
  const plugin = { name, version, description, author: AUTHOR, license, skills: SKILLS }
  const marketplace = {
    name,
    owner: AUTHOR,
    description,
    plugins: [{ name, source: './', description, license, category: 'security' }],
  }
  // Gemini CLI takes the folder `skills` beside its manifest and has no field for it.
  const extension = { name, version, description }
  return new Map(
    Object.entries({
      '.claude-plugin/plugin.json': plugin,
      '.claude-plugin/marketplace.json': marketplace,
      '.codex-plugin/plugin.json': plugin,
      '.kimi-plugin/plugin.json': plugin,
      'gemini-extension.json': extension,
    }).map(([file, manifest]) => [file, `${JSON.stringify(manifest, null, 2)}\n`]),
  )
}
