#!/usr/bin/env node
// Old syntax on purpose: a Node that is too old must print one line instead of a SyntaxError, and must do so before
// anything native is loaded, since better-sqlite3 crashes there.
var parts = process.versions.node.split('.')
var major = Number(parts[0])
if (major < 22 || (major === 22 && Number(parts[1]) < 13)) {
  process.stderr.write(
    'interhuman-auth-service: Node ' + process.versions.node + ' is too old; use Node 22.13 or newer\n',
  )
  process.exitCode = 1
} else {
  import('../dist/main.js').then(
    function start(main) {
      return main.main(process.argv.slice(2))
    },
    function failed(error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/main\.js/.test(error.message)) throw error
      process.stderr.write('interhuman-auth-service: the program is not built; run npm run build\n')
      process.exitCode = 1
    },
  )
}
