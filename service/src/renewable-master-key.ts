import { UnsealError } from './master-key.ts'

/** The master key of a running process. After a rewrap its source gives another one, which is then taken up. */
export interface RenewableMasterKey {
  /**
   * Does `work` with the master key, and if that opens something no more, once again with what the source gives by now.
   *
   * @throws {UnsealError} when that does not open it either.
   */
  use<T>(work: (masterKey: Buffer) => T | Promise<T>): Promise<T>
}

/**
 * Keeps a master key that can be read anew.
 *
 * @param readAnew asks the file or the command that it came from.
 */
export function createRenewableMasterKey(first: Buffer, readAnew: () => Promise<Buffer>): RenewableMasterKey {
  let masterKey = first
  return {
    async use(work) {
      try {
        return await work(masterKey)
      } catch (error) {
        if (!(error instanceof UnsealError)) throw error
        // What ails the source is told by the next start; here it gives nothing new.
        const again = await readAnew().catch(() => masterKey)
        if (again.equals(masterKey)) throw error
        const done = await work(again)
        masterKey = again
        return done
      }
    },
  }
}
