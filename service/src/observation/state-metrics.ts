import { Gauge, type Registry } from 'prom-client'

/** What a node knows of itself, asked for at each scrape. */
export interface ObservedState {
  /** How long ago the key that signs began to, in seconds. */
  signingKeyAgeSeconds?(): number
}

/** Adds the gauges of what is handed in. */
export function watchState(state: ObservedState, registers: Registry[]): void {
  const gauge = (name: string, help: string, read: (() => number) | undefined) => {
    if (read === undefined) return
    new Gauge({
      name: `interhuman_auth_${name}`,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  gauge('signing_key_age_seconds', 'How long the signing key has been signing.', state.signingKeyAgeSeconds)
}
