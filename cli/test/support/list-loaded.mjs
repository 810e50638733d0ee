import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Loaded before a command (NODE_OPTIONS=--import): each module that it loads is named on descriptor 2, a line each.

registerHooks({
  load(url, context, next) {
    writeSync(2, `loaded ${url}\n`)
    return next(url, context)
  },
})
