import { describe, expect, it } from 'vitest'
import { isLoopback } from '../src/loopback.ts'

const read = (address: string) => isLoopback(new URL(address).hostname)

describe('isLoopback', () => {
  it.each([
    'http://localhost',
    'http://LOCALHOST:1',
    'http://127.0.0.1',
    'http://127.255.0.9',
    'http://127.1',
    'http://0x7f.1',
    'http://127.0.0.1.',
    'http://[::1]:4747',
    'http://[0:0:0:0:0:0:0:1]',
  ])('%s is this machine', (address) => {
    expect(read(address)).toBe(true)
  })

  it.each([
    'http://localhost.',
    'http://localhost.example',
    'http://a.localhost',
    'http://127.0.0.1.example',
    'http://127.0.0.1%2eexample',
    'http://0.0.0.0',
    'http://128.0.0.1',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::2]',
  ])('%s may be another', (address) => {
    expect(read(address)).toBe(false)
  })
})
