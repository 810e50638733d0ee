import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** SIGKILL of a process and of its children, of which none can do anything between the first and the last. */
export function killWithChildren(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  const children = childrenOf(pid)
  for (const one of children) signal(one, 'SIGSTOP')
  for (const one of [pid, ...children]) signal(one, 'SIGKILL')
}

function childrenOf(pid: number): readonly number[] {
  return processes().flatMap(([one, parent]) => (parent === pid ? [one] : []))
}

/** Every process and its parent. */
function processes(): readonly (readonly [number, number])[] {
  if (process.platform === 'linux')
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)])
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return -1
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}
