import { optional, secret, setting } from './setting.ts'
import { oneOf, parseText } from './values.ts'

/** How it is decided which requests are traced, in the words of the OpenTelemetry specification. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** One of {@link SAMPLERS}. */
export type SamplerName = (typeof SAMPLERS)[number]

/** Where traces go; the variables are those that OpenTelemetry has named, so that they have no flag. */
export const TRACE_SETTINGS = [
  optional('otlpEndpoint', parseCollector, {
    environment: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    placeholder: 'URL',
    description:
      'The OpenTelemetry collector that takes traces, over OTLP/HTTP as JSON at `/v1/traces` below it.',
    defaultText: 'no traces',
  }),
  secret('otlpHeaders', parseHeaders, {
    environment: 'OTEL_EXPORTER_OTLP_HEADERS',
    placeholder: 'NAME=VALUE,…',
    description: 'Headers for the collector, values percent-encoded.',
    defaultText: 'none',
  }),
  setting('otelServiceName', 'interhuman-auth-service', parseText, {
    environment: 'OTEL_SERVICE_NAME',
    placeholder: 'TEXT',
    description: 'The `service.name` of traces.',
  }),
  setting('otelSampler', 'parentbased_always_on', oneOf(SAMPLERS), {
    environment: 'OTEL_TRACES_SAMPLER',
    placeholder: SAMPLERS.join('|'),
    description:
      'Which requests are traced. With `parentbased_` the `traceparent` of a request decides, so that whoever asks can have it traced.',
  }),
  setting('otelSamplerRatio', 1, parseRatio, {
    environment: 'OTEL_TRACES_SAMPLER_ARG',
    placeholder: '0…1',
    description: 'The share that a sampler with a ratio takes.',
  }),
] as const

function parseCollector(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || /[@?#\s]/.test(text))
    throw new TypeError('must be an http or https URL without credentials, query and fragment')
  return text.replace(/\/+$/, '')
}

/** @see W3C Baggage section 3.3.1, which OpenTelemetry takes for headers */
function parseHeaders(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map(parseHeader))
}

function parseHeader(pair: string): [string, string] {
  const [, name, encoded] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x21-\x7e]+)\s*$/.exec(pair) ?? []
  try {
    if (name !== undefined && encoded !== undefined) {
      const value = decodeURIComponent(encoded)
      if (/^[\x20-\x7e]+$/.test(value)) return [name, value]
    }
  } catch {}
  throw new TypeError('must be name=value pairs between commas, values percent-encoded')
}

function parseRatio(text: string): number {
  if (!/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text)) throw new TypeError('must be a number from 0 to 1')
  return Number(text)
}
