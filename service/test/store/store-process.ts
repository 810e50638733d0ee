// What a test of the store suite runs in a process of its own: module, its export, location, action, arguments.
import type { Store } from '../../src/store/store.ts'
import { audit, newKey, newSigningKey } from './store-fixtures.ts'

const [module = '', name = '', location = '', action = '', first = '', second = ''] = process.argv.slice(2)
const store: Store = await (await import(module))[name](location)
const write = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

const actions: Record<string, () => Promise<unknown>> = {
  async raiseGeneration() {
    for (let count = 0; count < Number(second); count += 1)
      await store.changeApiKey(first, (key) => ({
        key: { ...key, generation: key.generation + 1 },
        audit: audit(first, 'key.disable'),
      }))
  },
  revoke: () =>
    store.changeApiKey(first, (key) => ({
      key: { ...key, state: 'revoked' },
      audit: audit(first, 'key.revoke'),
    })),
  async insertFirst() {
    const tries = Array.from({ length: 8 }, () => store.insertFirstApiKey(newKey(), () => {}))
    write((await Promise.all(tries)).filter(Boolean).length)
  },
  async settle() {
    write(await store.settle(first, second))
  },
  async settleSigningKey() {
    const keys = await store.changeSigningKeys(
      (held) => ({ insert: held.length === 0 ? [newSigningKey('active')] : [], update: [] }),
      (change) => change.insert.map((key) => audit(key.kid, 'signing_key.create')),
    )
    write(keys.map((key) => key.kid))
  },
  async insert() {
    for (let count = 0; count < Number(first); count += 1) {
      const added = newKey()
      await store.insertApiKey(added)
      write(added.key.keyId)
    }
  },
}
await actions[action]?.()
await store.close()
