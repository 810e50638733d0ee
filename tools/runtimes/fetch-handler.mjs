import { ask } from './ask.mjs'
import { runPortable } from './portable.mjs'

// The same as place.mjs for a Workers runtime, asked over HTTP.

export default {
  /** @param {Request} request */
  async fetch(request) {
    const apiUrl = new URL(request.url).searchParams.get('apiUrl')
    return Response.json(apiUrl === null ? await runPortable() : await ask(apiUrl))
  },
}
