import { MAX_CLOCK_SKEW_SECONDS, SCOPES } from '@interhuman-auth/protocol'
import type { Resolved } from './credentials/resolve.ts'
import { describeStatus, exchange } from './exchange.ts'
import { EXIT, exitCodeOfStatus, Refusal } from './exit-codes.ts'
import { type BodyEnd, describeEnd } from './hand-on.ts'
import type { Answer } from './http-post.ts'
import type { Options } from './options.ts'
import { describeRefusal, readAnswer } from './read-answer.ts'
import type { Tell } from './source-report.ts'
import type { Surroundings } from './surroundings.ts'
import { type WayStep, walk } from './way.ts'

/**
 * Walks the way to the address step by step, makes one exchange, compares the clocks, and says which of them is at fault.
 *
 * @returns The exit code of the exchange.
 * @throws {Refusal} 5, 6 or 7 when no answer came.
 */
export async function checkOnline(
  resolved: Resolved,
  options: Options,
  { now }: Surroundings,
  tell: Tell,
): Promise<number> {
  const way: WayStep[] = []
  for await (const step of walk(resolved.apiUrl, options.timeoutMs, now)) {
    way.push(step)
    await tell([describeStep(step)], { way })
  }
  const broken = way.find(({ problem }) => problem !== undefined)
  const scopes = options.scopes.length > 0 ? options.scopes : SCOPES.slice(0, 1)
  const answer = await exchange(resolved, { ...options, scopes }).catch(async (fault: unknown) => {
    if (fault instanceof Refusal) await tellFault(tell, broken === undefined ? 'the answer' : faultOf(broken))
    throw fault
  })
  const clock = readClock(answer, now())
  await tell([describeClock(clock)], { clock_ahead_seconds: clock })
  return tellExchange(answer, clock, tell)
}

async function tellExchange(answer: Answer, clock: number | undefined, tell: Tell): Promise<number> {
  const reading = await readAnswer(answer)
  const { end, token, errorId, correlationId } = reading
  const { status } = answer
  const worked = token !== undefined
  const why =
    end === 'whole'
      ? describeRefusal(answer, reading)
      : `${describeStatus(answer, correlationId)}; ${describeEnd(end)}`
  await tell([worked ? 'online: the exchange worked' : `online: the exchange did not work: ${why}`], {
    exchange: { worked, status, error_id: errorId, correlation_id: correlationId },
  })
  const isClockOff = clock !== undefined && Math.abs(clock) > MAX_CLOCK_SKEW_SECONDS
  // An exchange does not depend on a clock: one that failed did so for another reason.
  const faults = [...(worked ? [] : [faultIn(status, end)]), ...(isClockOff ? [CLOCK] : [])]
  if (faults.length > 0) await tellFault(tell, faults.join('; beside it, '))
  return end === 'whole' && (worked || status !== 200) ? exitCodeOfStatus(status) : EXIT.other
}

const CLOCK = "this machine's clock or the service's"

function faultIn(status: number, end: BodyEnd): string {
  if (end !== 'whole' || status >= 500) return 'the service'
  return status < 400 ? 'the address, or what stands between' : 'the key, or what is asked for with it'
}

async function tellFault(tell: Tell, fault: string): Promise<void> {
  await tell([`at fault: ${fault}`], { at_fault: fault })
}

const faults: Readonly<Record<WayStep['step'], string>> = {
  dns: "the address's name, or this machine's DNS",
  tcp: 'the network between here and the address, or nothing listens there',
  tls: "the address's certificate or TLS, or what stands between",
}

function faultOf({ step, clock_may_be: clockMayBe }: WayStep): string {
  return clockMayBe ? `${faults[step]}, or this machine's clock` : faults[step]
}

function describeStep({ step, duration_ms: durationMs, found, problem }: WayStep): string {
  return problem === undefined
    ? `${step}: ${found} (${durationMs} ms)`
    : `${step}: ${problem} (${durationMs} ms)`
}

/** How many seconds this machine's clock is ahead, by the answer's Date, which tells whole seconds; within one is 0. */
function readClock(answer: Answer, nowMs: number): number | undefined {
  const theirs = Date.parse(answer.header('date') ?? '')
  if (Number.isNaN(theirs)) return undefined
  const ahead = Math.trunc((nowMs - theirs) / 1000)
  return Math.abs(ahead) <= 1 ? 0 : ahead
}

function describeClock(ahead: number | undefined): string {
  if (ahead === undefined) return 'clock: the service does not tell its time'
  if (ahead === 0) return "clock: this machine's and the service's agree"
  return `clock: this machine's is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the service's`
}
