import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian keeps the library of its package `faketime`, one folder a processor. */
const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`,
)

/** The wall clock of processes that are started with `env`, which can be set while they run. */
export interface SteppedClock {
  readonly env: Readonly<Record<string, string>>
  /** Sets it so far ahead of the machine's, in seconds; clocks that only count on go on as they do. */
  step(seconds: number): void
  remove(): void
}

/** Makes a clock that is right until it is stepped; `undefined` where the machine lacks the library. */
export function makeSteppedClock(): SteppedClock | undefined {
  const library = LIBRARIES.find(existsSync)
  if (library === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-clock-'))
  const file = join(folder, 'offset')
  const step = (seconds: number) => {
    // Whole at any time: the library reads it whenever somebody asks for the time.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    renameSync(`${file}.new`, file)
  }
  step(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    step,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
