/**
 * Every fault of a package lock: an address of where a package came from, which differs from machine to machine, and a
 * package without the hash that what is installed is held to.
 *
 * @param {string} file For the lines.
 * @param {{ packages?: Record<string, { resolved?: string, integrity?: string, link?: boolean }> }} lock
 * @returns {string[]}
 */
export function findLockFaults(file, { packages = {} }) {
  return Object.entries(packages).flatMap(([place, { resolved, integrity, link }]) => {
    if (!place.includes('node_modules/') || link === true) return []
    const faults = []
    if (resolved !== undefined) faults.push(`${file} names where ${place} came from`)
    if (integrity === undefined) faults.push(`${file} has no hash of ${place}`)
    return faults
  })
}

/**
 * Every dependency whose version is a range: what is tried is what is installed.
 *
 * @param {string} file For the lines.
 * @param {Record<string, unknown>} manifest
 * @returns {string[]}
 */
export function findRanges(file, manifest) {
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${file} takes a range of ${name}: ${version}`),
  )
}
