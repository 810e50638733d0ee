import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { parseFormText } from '../../src/form-body.ts'
import { takeForm } from '../../src/routes/take-form.ts'

const body = parseFormText('grant_type=a&scope=b')
const take = (query: string) => takeForm({ target: `/oauth2/token${query}`, body })

test.each(['', '?', '?other=1', '?a=1&b=2'])(
  'with the query "%s" the parameters are those of the body',
  (query) => {
    expect([...take(query)]).toEqual([...body])
  },
)

test.each(['?scope=b', '?grant_type=LEAK', '?a=1&a=2', '?other=1&%73cope=b'])(
  'attack 16: the query "%s" repeats a parameter: 400',
  (query) => {
    expect(() => take(query)).toThrow(expect.objectContaining({ row: ERRORS.parameterRepeated }))
  },
)

test.each([
  '?client_id=LEAK',
  '?client_secret=LEAK',
  '?token=LEAK',
  '?x=ih_live_LEAK',
  '?CLIENT-SECRET=LEAK',
])('attack 19: the query "%s" holds a credential: 400', (query) => {
  expect(() => take(query)).toThrow(expect.objectContaining({ row: ERRORS.credentialInQuery }))
})
