import { expect, test } from 'vitest'
import { findLockFaults, findRanges } from '../../tools/lock-rules.mjs'

test('a lock that names where a package came from, or lacks its hash, is found', () => {
  const packages = {
    '': {},
    protocol: {},
    'node_modules/@interhuman-auth/protocol': { resolved: 'protocol', link: true },
    'node_modules/good': { integrity: 'sha512-x' },
    'node_modules/from-somewhere': { resolved: 'https://example.org/a.tgz', integrity: 'sha512-x' },
    'node_modules/unhashed': {},
  }
  expect(findLockFaults('package-lock.json', { packages })).toEqual([
    'package-lock.json names where node_modules/from-somewhere came from',
    'package-lock.json has no hash of node_modules/unhashed',
  ])
})

test('a version that is a range is found', () => {
  const manifest = { dependencies: { a: '1.2.3' }, devDependencies: { b: '^1.2.3', c: '1.0.0-beta.1' } }
  expect(findRanges('package.json', manifest)).toEqual(['package.json takes a range of b: ^1.2.3'])
})
