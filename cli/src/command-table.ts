import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import {
  CACHE_NOTE,
  type CommandRow,
  CREDENTIAL_NOTE,
  EXIT_NOTE,
  OUTPUT_NOTE,
  TOKEN_SUMMARY,
} from './command-row.ts'
import * as option from './option-table.ts'

/**
 * The commands of `interhuman-auth`: what is typed, read, and told in the help texts. A row here needs its line in
 * `main.ts`, which loads the command's file.
 */
export const COMMANDS = {
  token: {
    start: 'interhuman-auth token',
    summary: TOKEN_SUMMARY,
    options: [option.scope, option.output, option.apiVersion, option.apiUrl, option.timeout, option.help],
    required: ['scope'],
    notes: [OUTPUT_NOTE, CREDENTIAL_NOTE, EXIT_NOTE],
  },
  check: {
    start: 'interhuman-auth check',
    summary: 'say which sources hold a credential and which one counts, never a value',
    options: [
      option.online,
      option.keychain,
      option.scope,
      option.apiVersion,
      option.apiUrl,
      option.timeout,
      option.json,
      option.help,
    ],
    required: [],
    notes: [CREDENTIAL_NOTE, EXIT_NOTE],
  },
  header: {
    start: 'interhuman-auth header',
    summary:
      'print a living token, from the cache or by one exchange, as a header line or what else its reader takes',
    options: [
      option.scope,
      option.as,
      option.minLife,
      option.apiVersion,
      option.apiUrl,
      option.timeout,
      option.json,
      option.help,
    ],
    required: ['scope'],
    notes: [
      `For example: curl --config <(interhuman-auth header --as curl-config --scope ${UPLOAD_SCOPE}) https://…, or ` +
        `eval "$(interhuman-auth header --as env --scope ${UPLOAD_SCOPE})"`,
      CACHE_NOTE,
      CREDENTIAL_NOTE,
      EXIT_NOTE,
    ],
  },
  exec: {
    start: 'interhuman-auth exec',
    summary:
      'run a command with a living token in INTERHUMAN_ACCESS_TOKEN, and without the key in its environment',
    options: [
      option.scope,
      option.minLife,
      option.proxy,
      option.allowPath,
      option.verbose,
      option.apiVersion,
      option.apiUrl,
      option.timeout,
      option.json,
      option.help,
    ],
    required: ['scope'],
    rest: 'COMMAND',
    notes: [
      'The token lives for 300 seconds at the least unless --min-life says otherwise, and is not renewed while COMMAND runs. ' +
        'INTERHUMAN_API_URL is the address that it is for.',
      'With --proxy, for what runs longer than a token, a proxy listens on this machine until COMMAND ends: INTERHUMAN_API_URL is ' +
        'then its base URL, with a secret of this run, and COMMAND never sees a token. --scope may be absent, and a token ' +
        'carries what the path needs. See interhuman-auth proxy --help.',
      CACHE_NOTE,
      CREDENTIAL_NOTE,
      'Exit codes: those of COMMAND; 126 it cannot be run; 127 it is not found; 128 and the number of the signal that ended it. ' +
        'Before it runs: 2 wrong usage; 3 no credential, or an unsafe file; 4 refused (4xx); 5 anything else; 6 not reached in ' +
        'time; 7 not trusted.',
    ],
  },
  proxy: {
    start: 'interhuman-auth proxy',
    summary: 'listen on this machine and add a living token to what is sent on to the API',
    options: [
      option.scope,
      option.port,
      option.allowPath,
      option.allowOrigin,
      option.noSecret,
      option.verbose,
      option.apiVersion,
      option.apiUrl,
      option.timeout,
      option.json,
      option.help,
    ],
    required: [],
    notes: [
      'Standard output is one line, the base URL, once it listens: a tool that is given it needs no credential. HTTP and ' +
        'WebSocket, streaming. It runs until a signal comes; 5 seconds later what is still on its way ends as well.',
      'The base URL holds a secret of this run, since every user of this machine can reach its ports: keep it out of command ' +
        'lines and logs. What comes from a web page or names another host is refused.',
      'Without --scope a token carries the one scope that the path needs. Requests go to the address of the key and nowhere else.',
      CACHE_NOTE,
      CREDENTIAL_NOTE,
      'Exit codes: 0 ended by a signal; 2 wrong usage; 3 no credential, or an unsafe file; 5 it cannot listen; 7 not trusted.',
    ],
  },
  login: {
    start: 'interhuman-auth login',
    summary: 'ask for an API key, prove it with one exchange, and store it with its address',
    options: [
      option.store,
      option.apiUrl,
      option.scope,
      option.apiVersion,
      option.timeout,
      option.json,
      option.help,
    ],
    required: [],
    notes: [
      'At a terminal the id and the secret are asked for, the secret unseen. Otherwise standard input holds them: as in a ' +
        'credentials file (INTERHUMAN_KEY_ID=, INTERHUMAN_KEY_SECRET=, and INTERHUMAN_API_URL= if wanted), or the id and the ' +
        'secret on a line each.',
      'The key is stored in the file that INTERHUMAN_CONFIG names, or else in interhuman/credentials.env in your configuration ' +
        'folder, or, only if asked for, in the keychain.',
      'One exchange asks for the scopes that --scope names, or else for every one. Only if it brings 403 without --scope, since the ' +
        'key lacks one of them, each is asked for alone until one is held. A key that brings no token is not stored.',
      EXIT_NOTE,
    ],
  },
  logout: {
    start: 'interhuman-auth logout',
    summary: 'remove the stored key and the tokens in the cache, and say what else holds a key',
    options: [option.store, option.json, option.help],
    required: [],
    notes: [
      'Without --store both are emptied: the file that login writes, and the keychain. The key itself stays good until it is ' +
        'revoked where it was made.',
      'The tokens in the cache that the commands share are removed as well, whichever key they are of; one that was handed on stays ' +
        'good until it ends.',
      'Exit codes: 0 nothing of it is left there; 2 wrong usage; 3 it could not be removed.',
    ],
  },
  explain: {
    start: 'interhuman-auth explain',
    summary: 'say the cause of an error and the next step, asking nobody',
    options: [option.json, option.help],
    required: [],
    operand: {
      name: 'ID',
      required: false,
      help: 'the id of an error, as its body names it; without it an error body is read from standard input',
    },
    notes: [
      'An error body is what the API answers with (v0, v1, or a message of a stream), or what --json gives of a failure. ' +
        'What the service wrote into it is shown as data.',
      'Exit codes: 0 explained; 2 the id is not known, or what came is no error.',
    ],
  },
  completion: {
    start: 'interhuman-auth completion',
    summary: 'print the completion of a shell',
    options: [option.help],
    required: [],
    operand: {
      name: 'SHELL',
      choices: ['bash', 'zsh', 'fish'],
      required: true,
      help: 'the shell that is to know the commands and their options',
    },
    notes: [
      'For bash and zsh: source <(interhuman-auth completion bash) in the file that the shell reads at its start; for fish: ' +
        'interhuman-auth completion fish | source.',
    ],
  },
} as const satisfies Record<string, CommandRow>

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS
