import type { RandomBytes } from './base62.ts'
import type { Config } from './config.ts'
import type { Store } from './store/store.ts'

/** A terminal on which a line can be drawn again in its place. */
export interface Terminal {
  /** How many characters a line has now. */
  columns(): number
  write(text: string): void
}

/** What the commands take from the machine; `main` hands in the real ones. */
export interface Runtime {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly randomBytes: RandomBytes
  /** A random UUID. */
  newUuid(): string
  /** Epoch seconds. */
  now(): number
  /** Epoch milliseconds of the machine's own clock. */
  wallMs(): number
  /** Milliseconds from any fixed moment. */
  monotonicMs(): number
  /** Who runs the command, for the audit. */
  readonly user: string
  /** Opens the store that the configuration names. @throws {StartupError} when it cannot be opened. */
  openStore(config: Config): Promise<Store>
  /**
   * The version of the schema of the store that the configuration names, 0 where there is none yet.
   *
   * @throws {StartupError | StoreUnavailableError} when it cannot be read.
   */
  readSchemaVersion(config: Config): Promise<number>
  writeOutput(text: string): void
  writeMessage(text: string): void
  /** That of standard error, where it is one. */
  readonly terminal?: Terminal | undefined
}
