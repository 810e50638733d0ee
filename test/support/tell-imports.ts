/**
 * The environment that makes a process tell on standard error of each import of a package whose name begins with one of
 * these.
 */
export function tellImports(...packages: readonly string[]): Record<string, string> {
  const module = `import{registerHooks}from"node:module";registerHooks({resolve(name,context,next){if(${JSON.stringify(packages)}.some((each)=>name.startsWith(each)))process.stderr.write("imports:"+name+"\\n");return/**/next(name,context)}})`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` }
}
