import { createRequire } from 'node:module'

/**
 * Loads one of Node's own modules. Not by `import` where start-up counts: that reads every export, and some of them load
 * more (a WebSocket client with `node:http`, which takes half as long as Node's own start).
 */
export const builtin = createRequire(import.meta.url)
