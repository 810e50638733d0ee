import { AggregatorRegistry, Gauge, Registry } from 'prom-client'

/** The metrics of several workers as one. */
export interface WorkersMetrics {
  /** Adds how many workers are up, asked for at each scrape. */
  countWorkers(read: () => number): void
  format(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** Adds up what the workers of this process count, each metric as it says itself. */
export function addUpMetrics(): WorkersMetrics {
  const workers = new AggregatorRegistry()
  const own = new Registry()
  return {
    countWorkers(read) {
      new Gauge({
        name: 'interhuman_auth_workers',
        help: 'How many workers are up.',
        registers: [own],
        collect() {
          this.set(read())
        },
      })
    },
    async format() {
      const [added, ours] = await Promise.all([workers.clusterMetrics(), own.metrics()])
      return { contentType: workers.contentType, text: `${added}\n${ours}` }
    },
  }
}

/** Has the metrics of this worker added up by the process that started it. */
export function shareMetrics(registry: Registry): void {
  AggregatorRegistry.setRegistries(registry)
  new AggregatorRegistry()
}
