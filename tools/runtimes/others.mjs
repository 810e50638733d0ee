import { openOtherRuntimes } from './other-runtimes.mjs'
import { carryCases, clientCases, named, report, runCases } from './promises.mjs'
import { startProtected } from './protected.mjs'
import { startUpstream } from './upstream.mjs'

// The client in the runtimes that are no Node: the portable cases, and the strict exchange over real sockets.

const guarded = await startProtected()
const upstream = await startUpstream()
for (const place of await openOtherRuntimes()) {
  if ('reason' in place) {
    console.log(JSON.stringify({ name: place.name, reason: place.reason }))
    continue
  }
  report(`${place.name}: client`, await place.runPortable())
  await runCases(named(`${place.name}: client`, clientCases({ upstream, exchange: place.exchange })))
  await runCases(named(`${place.name}: client`, carryCases({ guarded, carry: place.exchange })))
  await place.close()
}
await Promise.all([upstream.close(), guarded.close()])
