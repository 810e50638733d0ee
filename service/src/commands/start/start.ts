import { ERROR_PAGE_PATH } from '@interhuman-auth/protocol'
import closeWithGrace from 'close-with-grace'
import { createAccessTokenSigner } from '../../access-token.ts'
import { type Address, formatAddress, refuseTakenAddress, toAddressError } from '../../address.ts'
import { createRoutes } from '../../app.ts'
import { keepAuditToItsTime } from '../../audit-retention.ts'
import { createClientAddress } from '../../client-address.ts'
import { createClientTokenSigner } from '../../client-token.ts'
import { DEFAULT_ISSUER } from '../../config/tokens.ts'
import type { Config } from '../../config.ts'
import { type DataFolder, dataFolder, prepareDataFolder } from '../../data-folder.ts'
import { settleFirstKey } from '../../first-key.ts'
import { createHttpServer, type HttpServer } from '../../http-server.ts'
import type { Log } from '../../log.ts'
import { createRevocationFeeds } from '../../revocation-feed.ts'
import type { Runtime } from '../../runtime.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { STOP_SIGNALS, type Supervised } from '../../workers/cluster-worker.ts'
import { type AdminServer, createAdminServer } from './admin.ts'
import { type Limits, openLimits } from './limits.ts'
import { type Observation, openObservation } from './observation.ts'
import { openNode } from './open-node.ts'
import { openSigning } from './signing.ts'

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
    const server = await createServer(config, store, limits, observation, runtime, ends)
    const metrics = await observation.listen()
    const url = formatAddress({ host: config.host, port: await listen(server.app, config) })
    ends.add(server.app)
    const admin = await server.admin?.listen()
    if (server.admin !== undefined) ends.add(server.admin.app)
    await announceFirstKey(options, server.log, dataFolder(config.dataDir), store, url, runtime)
    for (const warning of await store.readWarnings()) server.log.warn({ event: 'store', warning })
    limits.watchLoop()
    // Whoever reads that the service listens may stop it at once.
    stopOnSignal(server, ends, config, supervised)
    const { issuer } = server
    if (supervised === undefined) server.log.info({ event: 'listening', url, issuer, metrics, admin })
    supervised?.tellListening({ url, issuer, admin })
    server.log.flush()
  } catch (error) {
    await ends.close()
    throw error
  }
}

/** With PostgreSQL only a master key that is nowhere else. */
function needsDataFolder({ databaseUrl, masterKey, masterKeyFile, masterKeyCommand }: Config): boolean {
  return databaseUrl === null || [masterKey, masterKeyFile, masterKeyCommand].every((each) => each === null)
}

/** What has to be closed when the service stops or does not start: the last that was opened first. */
class Ends {
  readonly #opened: { close(): Promise<void> }[] = []

  add<Opened extends { close(): Promise<void> }>(opened: Opened): Opened {
    this.#opened.push(opened)
    return opened
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.splice(0).reverse()) await opened.close()
  }
}

interface Server {
  readonly app: HttpServer
  readonly admin: AdminServer | undefined
  readonly issuer: string
  readonly log: Log
  closeLog(): Promise<void>
}

async function createServer(
  config: Config,
  store: Store,
  limits: Limits,
  observation: Observation,
  runtime: Runtime,
  ends: Ends,
): Promise<Server> {
  const { log, closeLog } = observation
  const node = await openNode(config, {
    store,
    runtime,
    onWatchFailure: (error) => log.error({ event: 'changes_not_read', error }),
  })
  ends.add(node.watch)
  const { keys } = node
  const issuer = await settleIssuer(config, store)
  const signing = ends.add(
    await openSigning(store, {
      config,
      runtime,
      log,
      now: () => node.now(),
      refuseStale: () => node.refuseStale(),
    }),
  )
  const { live } = signing
  ends.add(
    keepAuditToItsTime({
      store,
      retentionDays: config.auditRetentionDays,
      now: () => node.now(),
      onFailure: (error) => log.error({ event: 'audit_not_pruned', error }),
    }),
  )
  node.watch.subscribe((changes, reset) => live.hear(changes, reset))
  const feeds = createRevocationFeeds({
    watch: node.watch,
    newUuid: () => runtime.newUuid(),
    maxFeeds: config.maxFeeds,
  })
  observation.watch({
    feedCount: feeds.count,
    signingKeyAgeSeconds: () => signing.signingAgeSeconds(),
    changes: node.watch,
    keyCache: node.keyCache?.counts,
  })
  const parties = { issuer, audience: config.audience ?? issuer }
  const signAccessToken = createAccessTokenSigner((claims) => live.signers().accessToken(claims), {
    ...parties,
    newTokenId: () => runtime.newUuid(),
  })
  const routes = createRoutes({
    issuer,
    issueToken: {
      findKeyCredentials: (keyId) => keys.findKeyCredentials(keyId),
      ...limits.keys,
      signAccessToken: observation.observeSigning(signAccessToken),
      now: () => node.now(),
    },
    clientTokens: {
      findKeyCredentials: (keyId) => keys.findKeyCredentials(keyId),
      findKeyCredentialsBySecret: (secretHash) => keys.findKeyCredentialsBySecret(secretHash),
      ...limits.keys,
      revokeToken: (revocation, audit) => store.revokeToken(revocation, audit),
      signClientToken: observation.observeSigning(
        createClientTokenSigner((claims) => live.signers().clientToken(claims), parties),
      ),
      tokenIdKey: signing.clientTokenIdKey,
      randomBytes: runtime.randomBytes,
      now: () => node.now(),
    },
    checks: {
      ...parties,
      verificationKey: (kid) => live.verificationKey(kid),
      isTokenRevoked: (tokenId) => store.isTokenRevoked(tokenId),
      findVerifierBySecret: (secretHash) => store.findVerifierBySecret(secretHash),
    },
    feed: {
      feeds,
      acknowledgeLease: (lease) => store.acknowledgeLease(lease),
      epoch: () => node.watch.epoch,
    },
    keySet: () => live.keySet(),
    async ready() {
      limits.refuseStuck()
      await node.ready()
      live.signers()
    },
  })
  const http = {
    log,
    ...observation.requests,
    errorPage: config.errorPage ?? issuer + ERROR_PAGE_PATH,
    newCorrelationId: () => runtime.newUuid(),
    clientAddress: createClientAddress(config.trustedProxies),
    admission: limits.admission,
    monotonicMs: () => runtime.monotonicMs(),
  }
  const app = createHttpServer(routes, config, http)
  const admin = await createAdminServer(config, { store, node, signing, runtime, http })
  return { app, admin, issuer, log, closeLog }
}

/** The issuer stands in every token, so it is settled once (our contract, section 3). */
async function settleIssuer(config: Config, store: Store): Promise<string> {
  const issuer = await store.settle('issuer', config.issuer ?? DEFAULT_ISSUER)
  if (config.issuer !== null && config.issuer !== issuer)
    throw new StartupError(
      `the issuer of this store is settled as ${issuer}; start with that one or without --issuer`,
    )
  return issuer
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

function stopOnSignal(server: Server, ends: Ends, config: Config, supervised: Supervised | undefined): void {
  const skip = supervised === undefined ? [] : [...STOP_SIGNALS]
  const options = { delay: config.shutdownTimeoutMs, logger: undefined, skip }
  const grace = closeWithGrace(options, async ({ signal, err }) => {
    if (err !== undefined) server.log.error({ event: 'failure', error: err })
    if (supervised === undefined) server.log.info({ event: 'stopping', signal })
    await ends.close()
    if (supervised === undefined) server.log.info({ event: 'stopped' })
    await server.closeLog()
  })
  supervised?.onStop(() => grace.close())
}
