import { ERROR_PAGE_PATH } from '@interhuman-auth/protocol'
import { createAccessTokenSigner } from '../../access-token.ts'
import { type AppDependencies, createRoutes } from '../../app.ts'
import { keepAuditToItsTime } from '../../audit-retention.ts'
import { createClientAddress } from '../../client-address.ts'
import { createClientTokenSigner } from '../../client-token.ts'
import { DEFAULT_ISSUER } from '../../config/tokens.ts'
import type { Config } from '../../config.ts'
import { countKeyUses } from '../../count-key-uses.ts'
import { createHttpServer, type HttpServer, type HttpServerDependencies } from '../../http-server.ts'
import { keepUsage } from '../../keep-usage.ts'
import { rememberSignatures } from '../../remember-signatures.ts'
import { createRevocationFeeds, type RevocationFeeds } from '../../revocation-feed.ts'
import type { Runtime } from '../../runtime.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { type AdminServer, createAdminServer } from './admin.ts'
import type { Ends } from './ends.ts'
import type { Limits } from './limits.ts'
import type { Observation } from './observation.ts'
import { type Node, openNode } from './open-node.ts'
import { openSigning, type Signing } from './signing.ts'

/** What a server is made of: opened already, and closed by whoever opened it. */
export interface ServerContext {
  readonly config: Config
  readonly store: Store
  readonly limits: Limits
  readonly observation: Observation
  readonly runtime: Runtime
}

/** The service, before it listens. */
export interface Server {
  readonly app: HttpServer
  readonly admin: AdminServer | undefined
  readonly issuer: string
}

/**
 * Puts the service together.
 *
 * @param ends is told of what is opened here.
 * @throws {StartupError} when the store is another issuer's, or its signing keys do not open.
 */
export async function createServer(context: ServerContext, ends: Ends): Promise<Server> {
  const { config, store, observation, runtime } = context
  const node = await openNode(config, {
    store,
    runtime,
    onWatchFailure: (error) => observation.log.error({ event: 'changes_not_read', error }),
  })
  ends.add(node.watch)
  const issuer = await settleIssuer(config, store)
  const signing = ends.add(await openSigningOf(context, node))
  ends.add(
    keepAuditToItsTime({
      store,
      retentionDays: config.auditRetentionDays,
      now: () => node.now(),
      onFailure: (error) => observation.log.error({ event: 'audit_not_pruned', error }),
    }),
  )
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
  const usage = ends.add(
    keepUsage({
      store,
      retentionDays: config.usageRetentionDays,
      now: () => node.now(),
      onFailure: (error) => observation.log.error({ event: 'usage_not_written', error }),
    }),
  )
  const http = connectHttp(context, issuer)
  const routes = createRoutes(connectRoutes(context, { node, issuer, signing, feeds }))
  const app = createHttpServer(routes, config, { ...http, countUse: countKeyUses(usage) })
  const admin = await createAdminServer(config, { store, node, signing, runtime, http })
  return { app, admin, issuer }
}

/** What the routes work with, beside the context. */
interface Parts {
  readonly node: Node
  readonly issuer: string
  readonly signing: Signing
  readonly feeds: RevocationFeeds
}

async function openSigningOf(
  { config, store, observation, runtime }: ServerContext,
  node: Node,
): Promise<Signing> {
  const signing = await openSigning(store, {
    config,
    runtime,
    log: observation.log,
    now: () => node.now(),
    refuseStale: () => node.refuseStale(),
  })
  node.watch.subscribe((changes, reset) => signing.live.hear(changes, reset))
  return signing
}

function connectRoutes(
  { config, store, limits, observation, runtime }: ServerContext,
  { node, issuer, signing, feeds }: Parts,
): AppDependencies {
  const { keys } = node
  const { live } = signing
  const parties = { issuer, audience: config.audience ?? issuer }
  const now = () => node.now()
  const findKeyCredentials = (keyId: string) => keys.findKeyCredentials(keyId)
  const signAccessToken = createAccessTokenSigner((claims) => live.signers().accessToken(claims), {
    ...parties,
    newTokenId: () => runtime.newUuid(),
  })
  const signClientToken = createClientTokenSigner((claims) => live.signers().clientToken(claims), parties)
  return {
    issuer,
    issueToken: {
      findKeyCredentials,
      ...limits.keys,
      signAccessToken: observation.observeSigning(signAccessToken),
      now,
    },
    clientTokens: {
      findKeyCredentials,
      findKeyCredentialsBySecret: (secretHash) => keys.findKeyCredentialsBySecret(secretHash),
      ...limits.keys,
      // In force here, and told to the feeds of this node, when the answer goes out.
      async revokeToken(revocation, audit) {
        await store.revokeToken(revocation, audit)
        await node.watch.catchUpWithOwn()
      },
      signClientToken: observation.observeSigning(signClientToken),
      tokenIdKey: signing.clientTokenIdKey,
      randomBytes: runtime.randomBytes,
      now,
    },
    checks: {
      ...parties,
      verificationKey: rememberSignatures((kid) => live.verificationKey(kid)),
      isTokenRevoked: (tokenId) => node.checks.isTokenRevoked(tokenId),
      findVerifierBySecret: (secretHash) => node.checks.findVerifierBySecret(secretHash),
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
  }
}

function connectHttp(
  { config, limits, observation, runtime }: ServerContext,
  issuer: string,
): HttpServerDependencies {
  return {
    log: observation.log,
    ...observation.requests,
    errorPage: config.errorPage ?? issuer + ERROR_PAGE_PATH,
    newCorrelationId: () => runtime.newUuid(),
    clientAddress: createClientAddress(config.trustedProxies),
    admission: limits.admission,
    monotonicMs: () => runtime.monotonicMs(),
  }
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
