import { optional, setting } from './setting.ts'
import { integer, parseHost } from './values.ts'

/** Where the service listens, and how much it takes. */
export const HTTP_SETTINGS = [
  setting('host', '127.0.0.1', parseHost, {
    placeholder: 'HOST',
    description: 'Address to listen on. Put a TLS proxy in front of anything but loopback.',
  }),
  setting('port', 4747, integer(0, 65_535), {
    placeholder: 'PORT',
    description: 'Port to listen on; 0 takes a free one.',
  }),
  setting('workers', 1, integer(1, 64), {
    placeholder: 'COUNT',
    description: 'How many processes serve the port; more than one with PostgreSQL only.',
  }),
  optional('adminPort', integer(0, 65_535), {
    placeholder: 'PORT',
    description: "Port of the operator's API, an address of its own; 0 takes a free one.",
    defaultText: "no operator's API",
  }),
  setting('adminHost', '127.0.0.1', parseHost, {
    placeholder: 'HOST',
    description:
      "Address of the operator's API. Whoever holds an admin token can make and end every key there: put a TLS proxy in front of anything but loopback.",
  }),
  setting('maxBodyBytes', 16_384, integer(1024, 1_048_576), {
    placeholder: 'BYTES',
    description: 'Largest request body; above it the answer is 413.',
  }),
  setting('maxHeaderBytes', 16_384, integer(1024, 1_048_576), {
    placeholder: 'BYTES',
    description: 'Largest request head, all headers together; above it the answer is 431.',
  }),
  setting('requestTimeoutMs', 10_000, integer(100, 600_000), {
    placeholder: 'MS',
    description: 'Longest time for a request to arrive whole, in milliseconds; above it the answer is 408.',
  }),
  setting('keepAliveTimeoutMs', 30_000, integer(0, 600_000), {
    placeholder: 'MS',
    description:
      'How long an idle connection is kept, in milliseconds. Set it above that of the proxy in front.',
  }),
  setting('maxConnections', 10_000, integer(1, 1_000_000), {
    placeholder: 'COUNT',
    description: 'Most connections at once; further ones are closed at once.',
  }),
  setting('maxFeeds', 1000, integer(1, 1_000_000), {
    placeholder: 'COUNT',
    description: 'Most revocation feeds at once, of all verifiers together; above it the answer is 429.',
  }),
  setting('shutdownTimeoutMs', 10_000, integer(0, 600_000), {
    placeholder: 'MS',
    description: 'Longest wait for requests in flight when the service stops, in milliseconds.',
  }),
] as const
