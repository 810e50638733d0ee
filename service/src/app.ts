import { API_VERSIONS } from '@interhuman-auth/protocol'
import type { IssueClientTokenDependencies, RevokeClientTokenDependencies } from './client-token.ts'
import type { IntrospectDependencies } from './introspection.ts'
import type { IssueTokenDependencies } from './issue-token.ts'
import { authRoute } from './routes/auth.ts'
import { clientTokenRevocationRoute } from './routes/client-token-revocation.ts'
import { clientTokensRoute } from './routes/client-tokens.ts'
import { errorPageRoute } from './routes/error-page.ts'
import { liveRoute, readyRoute } from './routes/health.ts'
import { introspectionRoute } from './routes/introspection.ts'
import { keySetRoute } from './routes/key-set.ts'
import { oauthRevocationRoute } from './routes/oauth-revocation.ts'
import { oauthTokenRoute } from './routes/oauth-token.ts'
import { openApiRoute } from './routes/openapi.ts'
import { type RevocationsDependencies, revocationAckRoute, revocationsRoute } from './routes/revocations.ts'
import type { Route } from './routes/route.ts'
import { serverMetadataRoute } from './routes/server-metadata.ts'
import type { VerifierLookups } from './verifier.ts'
import type { VerifyTokenDependencies } from './verify-token.ts'

/** What the routes need from outside. */
export interface AppDependencies {
  readonly issuer: string
  readonly issueToken: IssueTokenDependencies
  readonly clientTokens: IssueClientTokenDependencies & RevokeClientTokenDependencies
  /** What tokens and those who ask about them are checked with. */
  readonly checks: TokenChecks
  readonly feed: Omit<RevocationsDependencies, keyof VerifierLookups>
  /** The body of the key set. */
  keySet(): string
  /** Rejects when no token can be issued now. */
  ready(): Promise<void>
}

/** What checks tokens, and who may ask; keys are found as for client tokens. */
export type TokenChecks = Omit<VerifyTokenDependencies, 'now'> &
  Pick<IntrospectDependencies, 'isTokenRevoked'> &
  Pick<VerifierLookups, 'findVerifierBySecret'>

/** The route table: every endpoint of the service, one file each. */
export function createRoutes(dependencies: AppDependencies): readonly Route[] {
  const checking = { ...dependencies.clientTokens, ...dependencies.checks }
  const feed = { ...checking, ...dependencies.feed }
  return [
    ...API_VERSIONS.map((version) => authRoute(version, dependencies.issueToken)),
    clientTokensRoute(dependencies.clientTokens),
    clientTokenRevocationRoute(dependencies.clientTokens),
    oauthTokenRoute(dependencies.issueToken),
    oauthRevocationRoute(checking),
    introspectionRoute(checking),
    revocationsRoute(feed),
    revocationAckRoute(feed),
    serverMetadataRoute(dependencies.issuer),
    keySetRoute(() => dependencies.keySet()),
    liveRoute(),
    readyRoute(() => dependencies.ready()),
    openApiRoute(),
    errorPageRoute(),
  ]
}
