import { ask } from './ask.mjs'
import { runPortable } from './portable.mjs'

// Runs in Node, Deno or Bun: the portable cases, or what ask.mjs does for the address that is given. Writes a line of JSON.

const [, , apiUrl] = process.argv
console.log(JSON.stringify(apiUrl === undefined ? await runPortable() : await ask(apiUrl)))
