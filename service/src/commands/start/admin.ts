import { formatAddress, toAddressError } from '../../address.ts'
import type { Config } from '../../config.ts'
import { createHttpServer, type HttpServer, type HttpServerDependencies } from '../../http-server.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import type { Node } from './open-node.ts'
import type { Signing } from './signing.ts'

/** What the operator's API works on. */
export interface AdminContext {
  readonly store: Store
  readonly node: Node
  readonly signing: Signing
  readonly runtime: Pick<Runtime, 'randomBytes'>
  readonly http: HttpServerDependencies
}

/** The operator's API of a running service. */
export interface AdminServer {
  readonly app: HttpServer
  /** Resolves with its address. @throws {StartupError} when that is taken. */
  listen(): Promise<string>
}

/** Makes the operator's API where a port is given for it; else nothing of it is loaded (our contract, section 10). */
export async function createAdminServer(
  config: Config,
  { store, node, signing, runtime, http }: AdminContext,
): Promise<AdminServer | undefined> {
  const { adminHost: host, adminPort: port } = config
  if (port === null) return undefined
  const { createAdminRoutes } = await import('../../routes/admin/routes.ts')
  const routes = createAdminRoutes({
    store,
    findAdminToken: (tokenHash) => store.findAdminToken(tokenHash),
    tokenIdKey: signing.clientTokenIdKey,
    signingKeyTools: signing.tools,
    randomBytes: runtime.randomBytes,
    now: () => node.now(),
    async applied(id) {
      await node.watch.catchUpWithOwn()
      if (id === 'rotateSigningKeys' || id === 'loseSigningKey') await signing.live.reload()
    },
  })
  const app = createHttpServer(routes, config, http)
  return {
    app,
    async listen() {
      try {
        return formatAddress({ host, port: await app.listen({ host, port }) })
      } catch (error) {
        throw toAddressError({ host, port }, error, { host: '--admin-host', port: '--admin-port' })
      }
    },
  }
}
