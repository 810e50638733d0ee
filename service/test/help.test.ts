import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runService } from '../../test/support/start-service.ts'
import { CONFIGURATION } from '../src/config/table.ts'

test('--help names every setting of the configuration table, with its flag, its default and what it is', async () => {
  const { code, stdout } = await runService(['--help'])
  expect(code).toBe(0)
  const lines = stdout.split('\n')
  for (const row of CONFIGURATION) {
    const flag = row.flag === null ? '' : `--${row.flag} ${row.placeholder}, `
    const text = `${row.description} (${row.defaultText})`.replaceAll('`', '')
    const place = lines.indexOf(`  ${flag}${row.environment}`)
    expect([row.environment, lines[place + 1]]).toEqual([row.environment, `      ${text}`])
  }
  const document = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const written = [...document.matchAll(/^\| `(\w+)` \| (?:`(--[\w-]+)`)?/gm)]
  expect(written).toHaveLength(CONFIGURATION.length)
  for (const [, environment, flag] of written)
    expect(lines.filter((line) => line.trim().split(', ').at(-1) === environment)).toEqual([
      flag === undefined ? `  ${environment}` : expect.stringContaining(`  ${flag} `),
    ])
})
