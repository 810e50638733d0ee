import { ERROR_PAGE_PATH, ERRORS, type ErrorRow, errorSlug } from '@interhuman-auth/protocol'
import type { Route } from './route.ts'

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

/** `GET /errors`: what each error means and what to do about it. */
export function errorPageRoute(): Route {
  const response = { headers: HEADERS, body: formatErrorPage() }
  return { method: 'GET', load: 'uncounted', path: ERROR_PAGE_PATH, handler: () => response }
}

/** Writes the page that the `link` of an error body points at: one heading an id. */
function formatErrorPage(): string {
  const rows: readonly ErrorRow[] = Object.values(ERRORS)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}h2:target{background:#ff0}</style>
<h1>Errors</h1>
${rows.map(formatRow).join('\n')}
</html>
`
}

function formatRow(row: ErrorRow): string {
  return `<h2 id="${errorSlug(row)}">${row.id} ${escapeHtml(row.title)}</h2>
<p>Status ${row.status}. ${escapeHtml(row.message)}</p>
<p>${escapeHtml(row.advice)}</p>`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
}
