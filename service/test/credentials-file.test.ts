import { expect, test } from 'vitest'
import { formatCredentialsFile } from '../src/credentials-file.ts'

test('a credentials file has these three lines, in dotenv form', () => {
  expect(
    formatCredentialsFile({ keyId: 'ihk_a', keySecret: 'ih_live_LEAK', apiUrl: 'http://127.0.0.1:4747' }),
  ).toBe(
    'INTERHUMAN_KEY_ID=ihk_a\nINTERHUMAN_KEY_SECRET=ih_live_LEAK\nINTERHUMAN_API_URL=http://127.0.0.1:4747\n',
  )
})
