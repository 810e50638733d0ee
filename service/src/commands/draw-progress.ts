/** How far something long has come. */
export interface Drawn {
  readonly what: string
  readonly done: number
  readonly of: number
  /** How many a second; `undefined` while that is not known. */
  readonly perSecond: number | undefined
}

const NARROWEST_BAR = 10
const WIDEST_BAR = 40

/**
 * Draws how far something has come in one line: a bar, the share, the counts and the rate; where the terminal is narrow, what
 * stands last goes first.
 *
 * @param columns of the terminal; the line leaves the last one free, so that no terminal begins another line.
 */
export function drawProgress({ what, done, of, perSecond }: Drawn, columns: number): string {
  const width = Math.max(0, columns - 1)
  const share = of === 0 ? 1 : Math.min(1, done / of)
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
  const counts = `${count(Math.min(done, of))} of ${count(of)}`
  const rate = perSecond === undefined ? [] : [`${count(Math.round(perSecond))}/s`]
  const texts = [
    [what, percent, counts, ...rate],
    [what, percent, counts],
    [what, percent],
  ]
  for (const [first = '', ...rest] of texts) {
    const left = width - [first, ...rest].join('  ').length - '  []'.length
    if (left >= NARROWEST_BAR) return [first, drawBar(share, Math.min(left, WIDEST_BAR)), ...rest].join('  ')
  }
  return `${what}  ${percent}`.slice(0, width)
}

function drawBar(share: number, width: number): string {
  const full = Math.floor(share * width)
  return `[${'='.repeat(full)}${full < width ? '>' : ''}${' '.repeat(Math.max(0, width - full - 1))}]`
}

/** With a comma between thousands, whatever the language of the machine. */
function count(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
