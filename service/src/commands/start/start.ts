import closeWithGrace from 'close-with-grace'
import { type Address, formatAddress, refuseTakenAddress, toAddressError } from '../../address.ts'
import type { Config } from '../../config.ts'
import { type DataFolder, dataFolder, needsDataFolder, prepareDataFolder } from '../../data-folder.ts'
import { settleFirstKey } from '../../first-key.ts'
import type { HttpServer } from '../../http-server.ts'
import type { Log } from '../../log.ts'
import type { Runtime } from '../../runtime.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { STOP_SIGNALS, type Supervised } from '../../workers/cluster-worker.ts'
import { createServer } from './create-server.ts'
import { Ends } from './ends.ts'
import { openLimits } from './limits.ts'
import { type Observation, openObservation } from './observation.ts'

/** How the service is started. */
export interface StartOptions {
  /** Make the first key and its credentials file if the store holds none. */
  readonly firstKey: boolean
}

/**
 * `start`: opens the data folder, listens, and stays up until SIGTERM or SIGINT, or its supervisor's word.
 *
 * @param supervised what this process has of its supervisor where it is one of several workers.
 * @throws {StartupError} when it cannot start; then nothing of the data folder was changed that was there before.
 */
export async function start(
  config: Config,
  options: StartOptions,
  runtime: Runtime,
  supervised?: Supervised,
): Promise<void> {
  if (options.firstKey && config.databaseUrl !== null)
    throw new StartupError('--first-key works with SQLite only; make a key with keys create')
  if (supervised === undefined) await refuseTakenAddress(config)
  if (needsDataFolder(config)) prepareDataFolder(config.dataDir)
  const ends = new Ends()
  try {
    const observation = ends.add(await openObservation(config, runtime, supervised?.id))
    const store = ends.add(observation.observeStore(await runtime.openStore(config)))
    const limits = ends.add(openLimits(config, store, runtime))
    const server = await createServer({ config, store, limits, observation, runtime }, ends)
    const { log } = observation
    const metrics = await observation.listen()
    const url = formatAddress({ host: config.host, port: await listen(server.app, config) })
    ends.add(server.app)
    const admin = await server.admin?.listen()
    if (server.admin !== undefined) ends.add(server.admin.app)
    await announceFirstKey(options, log, dataFolder(config.dataDir), store, url, runtime)
    for (const warning of await store.readWarnings()) log.warn({ event: 'store', warning })
    limits.watchLoop()
    // Whoever reads that the service listens may stop it at once.
    stopOnSignal(observation, ends, config, supervised)
    const { issuer } = server
    if (supervised === undefined) log.info({ event: 'listening', url, issuer, metrics, admin })
    supervised?.tellListening({ url, issuer, admin })
    log.flush()
  } catch (error) {
    await ends.close()
    throw error
  }
}

async function listen(app: HttpServer, address: Address): Promise<number> {
  try {
    return await app.listen(address)
  } catch (error) {
    throw toAddressError(address, error)
  }
}

async function announceFirstKey(
  options: StartOptions,
  log: Log,
  folder: DataFolder,
  store: Store,
  apiUrl: string,
  runtime: Runtime,
): Promise<void> {
  if (!options.firstKey) return
  const created = await settleFirstKey(store, {
    file: folder.firstKey,
    apiUrl,
    randomBytes: runtime.randomBytes,
    now: runtime.now(),
  })
  log.info({ event: 'first_key', created, credentialsFile: folder.firstKey })
}

function stopOnSignal(
  { log, closeLog }: Observation,
  ends: Ends,
  config: Config,
  supervised: Supervised | undefined,
): void {
  const skip = supervised === undefined ? [] : [...STOP_SIGNALS]
  const options = { delay: config.shutdownTimeoutMs, logger: undefined, skip }
  const grace = closeWithGrace(options, async ({ signal, err }) => {
    if (err !== undefined) log.error({ event: 'failure', error: err })
    if (supervised === undefined) log.info({ event: 'stopping', signal })
    await ends.close()
    if (supervised === undefined) log.info({ event: 'stopped' })
    await closeLog()
  })
  supervised?.onStop(() => grace.close())
}
