// Loaded into a child by `node --import`: when the parent is gone, however it went, the child stops as on SIGTERM.

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()
