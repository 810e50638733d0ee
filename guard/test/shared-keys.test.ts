import { describe, expect, it } from 'vitest'
import { sharedKeys } from '../src/shared-keys.ts'

const secret = new Uint8Array(32)

describe('sharedKeys', () => {
  it('finds a key by its kid and nothing else', async () => {
    const keys = sharedKeys([{ kid: 'a', secret }])
    expect(await keys.find('a')).toMatchObject({ key: { algorithm: 'HS256' } })
    for (const kid of ['A', 'b', '', '__proto__', 'constructor', 'toString'])
      expect(await keys.find(kid)).toEqual({ missing: 'unknown' })
  })

  it('takes `__proto__` as a name like any other', async () => {
    expect(await sharedKeys([{ kid: '__proto__', secret }]).find('__proto__')).toHaveProperty('key')
  })

  it('holds several keys, so that the service can rotate', async () => {
    const keys = sharedKeys([
      { kid: 'old', secret },
      { kid: 'new', secret },
    ])
    expect(await keys.find('old')).toHaveProperty('key')
    expect(await keys.find('new')).toHaveProperty('key')
  })

  it('refuses no key, a short key and two keys of one kid', () => {
    expect(() => sharedKeys([])).toThrow(TypeError)
    expect(() => sharedKeys([{ kid: 'a', secret: new Uint8Array(31) }])).toThrow(TypeError)
    const twice = { kid: 'a', secret }
    expect(() => sharedKeys([twice, twice])).toThrow(TypeError)
  })
})
