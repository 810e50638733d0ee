import type { Acting } from '../../operations/acting.ts'
import type { ChangingStore } from '../../store/store.ts'
import type { ADMIN_OPERATIONS, AdminOperationId } from './operations.ts'
import type { AdminQuery } from './query.ts'

/** What an operation is asked, checked. */
export interface AdminAsked {
  readonly parameters: Readonly<Record<string, string>>
  readonly query: AdminQuery
  /** As its schema has it. */
  readonly body: unknown
}

/** Answers a GET; `undefined` where there is nothing of the id. */
export type Read = (asked: AdminAsked) => Promise<object | undefined>

/** What a change leaves to be shown. */
export interface Changed {
  /** Kept with the receipt of a repeatable request: no secret. */
  readonly view: object
  /** Shown in this one answer, behind the first member of the view, and kept nowhere. */
  readonly secret?: { readonly name: string; readonly value: string }
}

/** Makes a change, with the store that it is given and no other; `undefined` where there is nothing of the id. */
export type Change = (asked: AdminAsked, store: ChangingStore, by: Acting) => Promise<Changed | undefined>

/** The operations that change nothing. */
export type ReadId = {
  [Id in AdminOperationId]: (typeof ADMIN_OPERATIONS)[Id]['method'] extends 'GET' ? Id : never
}[AdminOperationId]

/** The operations that change something. */
export type ChangeId = Exclude<AdminOperationId, ReadId>

/** Every one of them has its handler, or the program does not compile. */
export interface AdminHandlers {
  readonly reads: Readonly<Record<ReadId, Read>>
  readonly changes: Readonly<Record<ChangeId, Change>>
}
