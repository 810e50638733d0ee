import { expect, test } from 'vitest'
import { writeChangelog } from '../../tools/write-changelog.mjs'

test('changes stand by release, kind and scope, oldest first, and what is no conventional commit is left out', () => {
  const unreleased = [
    'fix(service): b',
    'feat(cli)!: drop c',
    'wip',
    'feat(client): d',
    'feat(cli): e',
    'docs: f',
  ]
  const releases = [
    { title: '0.2.0, not released yet', subjects: unreleased },
    { title: '0.1.0', subjects: ['feat: a'] },
  ]
  expect(writeChangelog(releases)).toBe(`# Changelog

Written by \`npm run changelog\` from the commits.

## 0.2.0, not released yet

### Added

- **cli**: **breaks**: drop c
- **cli**: e
- **client**: d

### Fixed

- **service**: b

### Documents

- f

## 0.1.0

### Added

- a
`)
})
