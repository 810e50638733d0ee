/**
 * Writes docs/openapi.json: what the service answers at its own address, indented for people.
 *
 * @returns {Promise<string>}
 */
export async function writeOpenApi() {
  const { formatOpenApi } = await import('../service/dist/openapi.js')
  return `${JSON.stringify(formatOpenApi(), null, 2)}\n`
}
