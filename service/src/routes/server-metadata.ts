import { JSON_CONTENT_TYPE, SERVER_METADATA_PATH } from '@interhuman-auth/protocol'
import { formatServerMetadata } from '../server-metadata.ts'
import type { Route } from './route.ts'

/** `GET /.well-known/oauth-authorization-server`: where a client of OAuth 2 finds everything else (RFC 8414). */
export function serverMetadataRoute(issuer: string): Route {
  const response = {
    headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'public, max-age=300' },
    body: JSON.stringify(formatServerMetadata(issuer)),
  }
  return { method: 'GET', load: 'uncounted', path: SERVER_METADATA_PATH, handler: () => response }
}
