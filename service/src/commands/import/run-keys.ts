import { existsSync } from 'node:fs'
import type { RandomBytes } from '../../base62.ts'
import type { CommandContext } from '../../command-group.ts'
import { type ListEntry, toCreation } from '../../key-list/entry.ts'
import { checkList, type KeyList, readEntries } from '../../key-list/read-list.ts'
import { SECRETS_FORMAT, type SecretRow, type SecretsHeader } from '../../key-list/secret-rows.ts'
import { openSecretsFile, type SecretsFile } from '../../key-list/secrets-file.ts'
import type { Acting } from '../../operations/acting.ts'
import { createDrawnKey, drawKey, type NewKey } from '../../operations/create-key.ts'
import { OperatorError } from '../../operator-error.ts'
import type { Store } from '../../store/store.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { writeFields } from '../output.ts'
import { type Progress, withProgress } from '../progress.ts'

/** How many keys are made in one transaction. */
const BATCH_KEYS = 1000

/** What `import --keys` asks for; the files by their absolute paths. */
export interface KeysImport {
  readonly list: KeyList
  readonly secretsFile: string
}

type ImportStore = Pick<Store, 'insertApiKeys' | 'findApiKey' | 'readChanges'>

/**
 * `import --keys`: makes a key for each line of a list; their secrets go into a file.
 *
 * Whoever is told that it is done, or is killed, finds for each key of the store that a line made its secret in the file,
 * and no line makes two keys:
 *
 * 1. A batch is made in one transaction. When its keys are in, and before it commits, its rows are brought to the disk
 *    (`fsync`). So a key that is in the store has its row, whatever dies when.
 * 2. A row that is whole is never taken back: the id and the secret in it are what its line is made with. What was killed
 *    between the row and the commit leaves at most one batch of rows without keys, the last ones; the next run asks the
 *    store for them from the end, and makes those that it lacks with what the rows say. Should the commit of the killed run
 *    arrive even later, the id is there already, the transaction fails and nothing is doubled.
 * 3. Rows are written inside the transaction, and no two transactions that write go on at the same time. Each looks first
 *    whether the file is as long as it left it: of two runs at once, one stops.
 * 4. The file's first line names the list by its hash and the store by its epoch, so that a run goes on only with the same
 *    list in the same store.
 *
 * @throws {OperatorError} which names the bad lines, before anything is made; or what stands in the way.
 */
export async function importKeys(
  { list, secretsFile }: KeysImport,
  store: ImportStore,
  context: CommandContext,
): Promise<void> {
  const { runtime } = context
  const { now } = await actingByDatabaseTime(store, context)
  // A list that goes on was good when it began: what has ended meanwhile is made as it would have been.
  const { keys, sha256 } = await checkList(list, existsSync(secretsFile) ? 0 : now)
  const { epoch } = await store.readChanges(Number.MAX_SAFE_INTEGER)
  const header: SecretsHeader = {
    ...{ format: SECRETS_FORMAT, version: 1, store: epoch },
    ...{ list_sha256: sha256, keys },
  }
  // Behind a whole batch of rows without keys stands one that has its key.
  const secrets = await openSecretsFile(secretsFile, header, BATCH_KEYS + 1, runtime.randomBytes)
  try {
    const done = await countMade(secrets, store, secretsFile)
    await withProgress(context, (progress) =>
      makeKeys({ list, keys, done }, secrets, store, context, progress),
    )
    writeFields({ secrets_file: secretsFile, keys, made_now: keys - done }, context)
  } finally {
    secrets.close()
  }
  runtime.writeMessage(`the secrets are in ${secretsFile} and nowhere else`)
}

/** How many rows of the file have their keys in the store. All but those of the last batch have. */
async function countMade(
  { rows, newest }: SecretsFile,
  store: Pick<Store, 'findApiKey'>,
  path: string,
): Promise<number> {
  for (const [index, row] of [...newest].reverse().entries())
    if ((await store.findApiKey(row.key_id)) !== undefined) return rows - index
  if (rows > newest.length)
    throw new OperatorError(`${path} holds keys that the store does not have; name a new file`)
  return 0
}

interface Place {
  readonly list: KeyList
  readonly keys: number
  /** How many keys were made before. */
  readonly done: number
}

async function makeKeys(
  { list, keys, done }: Place,
  secrets: SecretsFile,
  store: ImportStore,
  context: CommandContext,
  progress: Progress,
): Promise<void> {
  // Those that a run before has drawn and not made.
  const drawn = secrets.newest.slice(secrets.newest.length - (secrets.rows - done))
  let index = 0
  let made = done
  let batch: ListEntry[] = []
  const commit = async () => {
    await commitBatch(batch, drawn.splice(0, batch.length), secrets, store, context)
    made += batch.length
    batch = []
    progress.tell('made keys', made, keys)
  }
  for await (const entry of readEntries(list, 0)) {
    index += 1
    if (index <= done) continue
    batch.push(entry)
    if (batch.length === BATCH_KEYS) await commit()
  }
  if (batch.length > 0) await commit()
  if (made !== keys)
    throw new OperatorError(`the list was changed while it was read; it had ${keys} keys, ${made} were made`)
}

/** Makes the keys of some lines; the first of them with what was drawn before. */
async function commitBatch(
  batch: readonly ListEntry[],
  drawn: readonly SecretRow[],
  secrets: SecretsFile,
  store: ImportStore,
  context: CommandContext,
): Promise<void> {
  const by = await actingByDatabaseTime(store, context)
  const made = batch.map((entry, index) => makeKey(entry, drawn[index], by, context.runtime.randomBytes))
  const rows = made.map(({ secret, added: { key } }, index) => ({
    line: batch[index]?.line ?? 0,
    name: key.name,
    key_id: key.keyId,
    key_secret: secret,
  }))
  try {
    await store.insertApiKeys(
      made.map(({ added }) => added),
      () => secrets.append(rows.slice(drawn.length)),
    )
  } catch (error) {
    const [first] = drawn
    if (first === undefined || (await store.findApiKey(first.key_id)) === undefined) throw error
    throw new OperatorError('another import of this list is under way or has just ended; run this one again')
  }
}

function makeKey(entry: ListEntry, row: SecretRow | undefined, by: Acting, randomBytes: RandomBytes): NewKey {
  if (row !== undefined && (row.line !== entry.line || row.name !== entry.name))
    throw new OperatorError(`the file of secrets has another line in the place of line ${entry.line}`)
  const drawn = row === undefined ? drawKey(randomBytes) : { keyId: row.key_id, secret: row.key_secret }
  return createDrawnKey(toCreation(entry, by.now), by, drawn)
}
