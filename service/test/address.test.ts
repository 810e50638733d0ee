import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { formatAddress, refuseTakenAddress } from '../src/address.ts'

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['::1', 'http://[::1]:80'],
  ['auth.test', 'http://auth.test:80'],
])('what listens on %s is reached at %s', (host, url) => {
  expect(formatAddress({ host, port: 80 })).toBe(url)
})

test('a taken port is told with what to do, a free one is free again afterwards', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const address = { host: '127.0.0.1', port }
  await expect(refuseTakenAddress(address)).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken; stop what listens there or choose another with --port`,
  )
  server.close()
  await once(server, 'close')
  await refuseTakenAddress(address)
  await refuseTakenAddress(address)
})

test('an address that this machine does not have is told with what to do', async () => {
  await expect(refuseTakenAddress({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
    /^cannot listen on 192\.0\.2\.1 port 0 \(E\w+\); choose another with --host and --port$/,
  )
})
