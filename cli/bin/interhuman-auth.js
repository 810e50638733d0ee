#!/usr/bin/env node
// biome-ignore-all lint/style/useTemplate: old Nodes must be able to read this file, to say the line below and no syntax error
var version = process.versions.node

/** @param {string} line */
function say(line) {
  process.stderr.write('interhuman-auth: ' + line + '\n')
  process.exitCode = 2
}

/** @param {{ main(): Promise<void> }} command */
function start(command) {
  return command.main()
}

/** @param {{ code?: unknown }} fault */
function explain(fault) {
  var absent = fault && fault.code === 'ERR_MODULE_NOT_FOUND'
  say(absent ? 'not built; run npm run build' : 'the built files cannot be loaded; run npm run build again')
}

if (Number(version.split('.')[0]) < 20) say('Node ' + version + ' is too old; use Node 20 or newer')
else import('../dist/main.js').then(start, explain)
