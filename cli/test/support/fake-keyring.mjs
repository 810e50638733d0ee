import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Loaded before a command (NODE_OPTIONS=--import): @napi-rs/keyring is then this class, which keeps its items in the file
// that FAKE_KEYRING names, and fails as FAKE_KEYRING_FAULT says: `locked` or `broken`. What each process was started with
// is a line of the file that FAKE_KEYRING_STARTS names.

const { FAKE_KEYRING_STARTS: starts } = process.env
if (starts !== undefined && isMainThread)
  appendFileSync(starts, `${JSON.stringify([...process.execArgv, ...process.argv])}\n`)

const source = `
  import { act } from ${JSON.stringify(import.meta.url)}
  export class Entry {
    constructor(service, account, options) {
      if (options?.linux?.store !== 'secret-service') throw new Error('the kernel would forget')
      this.name = service + '/' + account
    }
    getPassword() { return act(this.name, 'get') }
    setPassword(password) { return act(this.name, 'set', password) }
    deleteCredential() { return act(this.name, 'delete') }
  }`

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== '@napi-rs/keyring') return next(specifier, context)
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
  },
})

/**
 * @param {string} name
 * @param {'get' | 'set' | 'delete'} action
 * @param {string} [password]
 * @returns {string | boolean | null | undefined}
 */
export function act(name, action, password) {
  const { FAKE_KEYRING: file = '', FAKE_KEYRING_FAULT: fault } = process.env
  if (fault === 'locked') throw new Error('the collection is locked: LEAK')
  if (fault !== undefined) throw new Error('LEAK')
  const items = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  if (action === 'get') return items[name] ?? null
  const held = name in items
  if (action === 'delete') delete items[name]
  else items[name] = password
  if (Object.keys(items).length === 0) rmSync(file, { force: true })
  else writeFileSync(file, JSON.stringify(items))
  return action === 'delete' ? held : undefined
}
