import { findCircles, findUnusedDependencies, findWrongImports } from './import-rules.mjs'
import { findHiddenInputs, findMisplacedKnowledge, findRepeatedLiterals } from './placement-rules.mjs'
import { ROOT } from './project.mjs'
import { readHouse } from './read-house.mjs'

// The arrows of the house (ARCHITECTURE.md): hoisting lets every import through, so this holds them.

const rules = [
  findWrongImports,
  findUnusedDependencies,
  findCircles,
  findMisplacedKnowledge,
  findHiddenInputs,
  findRepeatedLiterals,
]
const house = await readHouse(ROOT)
const problems = rules.flatMap((rule) => rule(house))
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
