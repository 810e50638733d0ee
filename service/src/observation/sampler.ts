import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { SamplerName } from '../config/traces.ts'

/** Which requests are traced. */
export interface SamplerOptions {
  readonly sampler: SamplerName
  /** The share that a sampler with a ratio takes, 0 to 1. */
  readonly ratio: number
}

/** Makes the sampler of a name. With `parentbased_` the sampled flag of a request's `traceparent` decides. */
export function createSampler({ sampler, ratio }: SamplerOptions): Sampler {
  const root = createRoot(sampler.replace(/^parentbased_/, ''), ratio)
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

function createRoot(name: string, ratio: number): Sampler {
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio)
  return name === 'always_on' ? new AlwaysOnSampler() : new AlwaysOffSampler()
}
