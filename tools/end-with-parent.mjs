import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'

// Loaded into a child by `node --import`: when the parent is gone, however it went, the child stops as on SIGTERM. What it
// writes has no reader then, and a last line that cannot be written must not hold it up.

const STANDARD_ERROR = 2

process.once('disconnect', () => {
  closeSync(STANDARD_ERROR)
  openSync(devNull, 'w')
  process.kill(process.pid, 'SIGTERM')
})
process.channel?.unref()
