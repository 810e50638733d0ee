import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

// What each agent's documentation demands of its manifest. That they are fresh, `tools/generate.mjs --check` holds.

const root = fileURLToPath(new URL('../', import.meta.url))
const own = readJson('package.json')
const name = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const semver = /^\d+\.\d+\.\d+$/

function readJson(file: string) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}

const manifests: readonly (readonly [agent: string, file: string, known: readonly string[]])[] = [
  [
    'Claude Code, and Copilot after it',
    '.claude-plugin/plugin.json',
    ['name', 'version', 'description', 'author', 'license', 'skills'],
  ],
  ['Codex', '.codex-plugin/plugin.json', ['name', 'version', 'description', 'author', 'license', 'skills']],
  [
    'Kimi Code',
    '.kimi-plugin/plugin.json',
    ['name', 'version', 'description', 'author', 'license', 'skills'],
  ],
  ['Gemini CLI', 'gemini-extension.json', ['name', 'version', 'description']],
]

describe.each(manifests)('the manifest for %s', (_agent, file, known) => {
  const manifest = readJson(file)

  test('has the fields that the agent knows and no other', () => {
    expect(Object.keys(manifest)).toEqual(known)
  })

  test('has a name in kebab case, a short description, and the version of the project', () => {
    expect(manifest.name).toMatch(name)
    expect(manifest.name.length).toBeLessThanOrEqual(64)
    expect(manifest.description).toMatch(/not affiliated with Interhuman/)
    expect(manifest.description.length).toBeLessThanOrEqual(1024)
    expect(manifest.version).toMatch(semver)
    expect(manifest.version).toBe(own.version)
  })

  test('leads to the one folder of skills, by a path inside the repository', () => {
    // Gemini CLI takes `skills` beside its manifest.
    const skills = manifest.skills ?? './skills/'
    expect(skills).toMatch(/^\.\/(?!.*\.\.)/)
    const found = readdirSync(join(root, skills)).filter((each) =>
      existsSync(join(root, skills, each, 'SKILL.md')),
    )
    expect(found).toEqual(['interhuman-authentication'])
  })
})

test('the marketplace for Claude Code, Codex and Copilot offers this one plugin, from its own folder', () => {
  const marketplace = readJson('.claude-plugin/marketplace.json')
  expect(marketplace.name).toMatch(name)
  expect(marketplace.owner.name).toEqual(expect.any(String))
  expect(marketplace.plugins).toHaveLength(1)
  const [plugin] = marketplace.plugins
  expect(plugin.name).toBe(readJson('.claude-plugin/plugin.json').name)
  expect(plugin.source).toBe('./')
  // Of a version that stands in both places the one of plugin.json counts: here it stands only there.
  expect(plugin).not.toHaveProperty('version')
})

test('an agent that takes the repository as a plugin gets the skill and nothing that runs by itself', () => {
  const loaded = ['agents', 'commands', 'hooks', 'hooks.json', 'bin', 'GEMINI.md', '.mcp.json', '.lsp.json']
  expect(loaded.filter((each) => existsSync(join(root, each)))).toEqual([])
  expect(readdirSync(join(root, '.claude-plugin')).sort()).toEqual(['marketplace.json', 'plugin.json'])
  for (const folder of ['.codex-plugin', '.kimi-plugin'])
    expect(readdirSync(join(root, folder))).toEqual(['plugin.json'])
})
