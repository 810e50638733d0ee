import { API_VERSIONS } from '@interhuman-auth/protocol'
import type { IssueClientTokenDependencies, RevokeClientTokenDependencies } from './client-token.ts'
import type { IssueTokenDependencies } from './issue-token.ts'
import { authRoute } from './routes/auth.ts'
import { clientTokenRevocationRoute } from './routes/client-token-revocation.ts'
import { clientTokensRoute } from './routes/client-tokens.ts'
import { errorPageRoute } from './routes/error-page.ts'
import { liveRoute, readyRoute } from './routes/health.ts'
import { keySetRoute } from './routes/key-set.ts'
import { oauthTokenRoute } from './routes/oauth-token.ts'
import { openApiRoute } from './routes/openapi.ts'
import type { Route } from './routes/route.ts'
import { serverMetadataRoute } from './routes/server-metadata.ts'

/** What the routes need from outside. */
export interface AppDependencies {
  readonly issuer: string
  readonly issueToken: IssueTokenDependencies
  readonly clientTokens: IssueClientTokenDependencies & RevokeClientTokenDependencies
  /** The body of the key set. */
  keySet(): string
  /** Rejects when no token can be issued now. */
  ready(): Promise<void>
}

/** The route table: every endpoint of the service, one file each. */
export function createRoutes(dependencies: AppDependencies): readonly Route[] {
  return [
    ...API_VERSIONS.map((version) => authRoute(version, dependencies.issueToken)),
    clientTokensRoute(dependencies.clientTokens),
    clientTokenRevocationRoute(dependencies.clientTokens),
    oauthTokenRoute(dependencies.issueToken),
    serverMetadataRoute(dependencies.issuer),
    keySetRoute(() => dependencies.keySet()),
    liveRoute(),
    readyRoute(() => dependencies.ready()),
    openApiRoute(),
    errorPageRoute(),
  ]
}
