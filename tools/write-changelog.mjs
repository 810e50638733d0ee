import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './project.mjs'

// npm run changelog: CHANGELOG.md from the conventional commits. Not among the checks, since every commit changes it.

const sections = [
  ['feat', 'Added'],
  ['fix', 'Fixed'],
  ['perf', 'Faster'],
  ['refactor', 'Rearranged'],
  ['docs', 'Documents'],
  ['test', 'Tests'],
  ['build', 'Building and tools'],
  ['ci', 'CI'],
  ['chore', 'Other'],
]

/**
 * One release, or what is not released yet.
 *
 * @typedef {{ title: string, subjects: readonly string[] }} Release
 */

/**
 * Writes the changelog: releases newest first, in each the kinds of change, in each the scopes by name, in each the
 * commits oldest first. A subject that is not in the form `type(scope): text` is left out; a `!` marks what breaks.
 *
 * @param {readonly Release[]} releases
 * @returns {string}
 */
export function writeChangelog(releases) {
  const parts = releases.map(
    ({ title, subjects }) => `\n## ${title}\n${writeSections(subjects.map(parseSubject))}`,
  )
  return `# Changelog\n\nWritten by \`npm run changelog\` from the commits.\n${parts.join('')}`
}

/**
 * @typedef {{ type: string, scope: string, text: string, breaks: boolean }} Change
 * @param {string} subject
 * @returns {Change | undefined}
 */
function parseSubject(subject) {
  const [, type, scope = '', mark, text] = /^(\w+)(?:\(([^)]+)\))?(!)?: (.+)$/.exec(subject) ?? []
  return type === undefined || text === undefined ? undefined : { type, scope, text, breaks: mark === '!' }
}

/** @param {readonly (Change | undefined)[]} changes */
function writeSections(changes) {
  return sections
    .map(([type, heading]) => {
      const ofType = changes.filter((change) => change !== undefined).filter((change) => change.type === type)
      const byScope = ofType.toSorted((a, b) => (a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0))
      const lines = byScope.map(
        ({ scope, text, breaks }) => `- ${scope && `**${scope}**: `}${breaks ? '**breaks**: ' : ''}${text}\n`,
      )
      return lines.length === 0 ? '' : `\n### ${heading}\n\n${lines.join('')}`
    })
    .join('')
}

/** @returns {Release[]} */
function readReleases() {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const tags = git('tag', '--list', 'v*', '--sort=-version:refname', '--merged', 'HEAD')
  const ends = ['HEAD', ...tags]
  return ends.flatMap((end, index) => {
    const since = ends[index + 1]
    const range = since === undefined ? end : `${since}..${end}`
    const subjects = git('log', '--reverse', '--no-merges', '--format=%s', range)
    const title = end === 'HEAD' ? `${version}, not released yet` : end.slice(1)
    return subjects.length === 0 ? [] : [{ title, subjects }]
  })
}

/** @param {string[]} args */
function git(...args) {
  const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  return output.split('\n').filter((line) => line !== '')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(path.join(ROOT, 'CHANGELOG.md'), writeChangelog(readReleases()))
