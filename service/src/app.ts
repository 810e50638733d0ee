import { API_VERSIONS, type KeySet } from '@interhuman-auth/protocol'
import type { IssueTokenDependencies } from './issue-token.ts'
import { authRoute } from './routes/auth.ts'
import { errorPageRoute } from './routes/error-page.ts'
import { liveRoute, readyRoute } from './routes/health.ts'
import { keySetRoute } from './routes/key-set.ts'
import { openApiRoute } from './routes/openapi.ts'
import type { Route } from './routes/route.ts'

/** What the routes need from outside. */
export interface AppDependencies {
  readonly issueToken: IssueTokenDependencies
  keySet(): KeySet
  /** Rejects when no token can be issued now. */
  ready(): Promise<void>
}

/** The route table: every endpoint of the service, one file each. */
export function createRoutes(dependencies: AppDependencies): readonly Route[] {
  return [
    ...API_VERSIONS.map((version) => authRoute(version, dependencies.issueToken)),
    keySetRoute(() => dependencies.keySet()),
    liveRoute(),
    readyRoute(() => dependencies.ready()),
    openApiRoute(),
    errorPageRoute(),
  ]
}
