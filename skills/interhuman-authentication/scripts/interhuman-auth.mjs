// interhuman-auth, the skill's script: exchanges an Interhuman API key for an access token and hands on the answer's bytes.
// Sends the key to the address that came with it and nowhere else. Needs Node 20 or newer and nothing besides.
// Independent of Interhuman, and not affiliated with it.
//
// A built file, not to be edited: made from the sources named below by `node tools/build-skill.mjs`, not minified.

// cli/src/commands/token.ts
import { resolve } from "node:path";

// protocol/src/scopes.ts
/**
 * The scopes that the specification names, in its order.
 *
 * @see Our contract, section 1
 */
var UPLOAD_SCOPE = "interhumanai.upload";
/** The scope of the stream endpoints. */
var STREAM_SCOPE = "interhumanai.stream";
/** Every scope that a fresh installation knows. */
var SCOPES = [UPLOAD_SCOPE, STREAM_SCOPE];

// protocol/src/token.ts
/** Writes the exchange's request body; the scopes keep the caller's order. */
function formatTokenRequest({ keyId, keySecret, scopes }) {
  return { key_id: keyId, key_secret: keySecret, scopes };
}

// protocol/src/endpoints.ts
/** The API versions whose exchange exists; they differ in the error body only (our contract, section 2). */
var API_VERSIONS = ["v0", "v1"];
/** Where an API key is exchanged for a token, by API version (our contract, section 1). */
var TOKEN_ENDPOINTS = {
  v0: "/v0/auth",
  v1: "/v1/auth"
};
/** Where the API answers if nobody says otherwise. */
var DEFAULT_API_URL = "https://api.interhuman.ai";

// protocol/src/headers.ts
/** The header of every response of the service: a UUID that the service makes (our contract, section 1). */
var CORRELATION_ID_HEADER = "X-Correlation-ID";
/** The body type of every request and response of the exchange. */
var JSON_CONTENT_TYPE = "application/json";

// protocol/src/loopback.ts
/**
 * Says whether a host name, in the form that a WHATWG URL gives it (`hostname`), is this machine: `localhost`,
 * `127.0.0.0/8` or `[::1]`. Only there may plain http carry a secret, or an answer that is trusted.
 */
var isLoopback = (hostname2) => /^(localhost|\[::1]|127(\.\d+){3})$/.test(hostname2);

// client/src/check.ts
/**
 * Throws unless a parameter is right. One message for all: what each must be stands at its declaration.
 *
 * @throws {TypeError} The message never repeats the value.
 */
function check(name, isRight) {
  if (!isRight) throw new TypeError(`${name} is wrong`);
}

// client/src/transport-error.ts
/**
 * The service could not be reached, or what was reached is not trusted. Holds nothing of the request and nothing of the
 * answer but a status: the cause of a failed fetch can quote bytes from the wire, so it is not kept.
 */
var TransportError = class extends Error {
  name = "TransportError";
  constructor(code, systemCode, status) {
    super(`no answer: ${code}`);
    this.code = code;
    this.systemCode = systemCode;
    this.status = status;
  }
  /** Whether the same request can succeed later: not where what answered is not to be trusted. */
  get retryable() {
    return /timeout|network|not_http/.test(this.code);
  }
};
/**
 * Reads what a platform's fetch threw, as far as it says anything: Node has a code on the error or on its cause, a browser
 * has none, and everything is `network`.
 */
function classifyFault(fault) {
  if (fault instanceof TransportError) return fault;
  const systemCode = /^[A-Z][A-Z\d_]{1,63}$/.exec(
    fault?.cause?.code ?? fault?.code
  )?.[0];
  return new TransportError(
    /CERT|SSL|TLS|EPROTO|LEAF_/.test(systemCode) ? "tls" : /TIME/.test(systemCode) ? "timeout" : /^HPE|OVERFLOW/.test(systemCode) ? "not_http" : "network",
    systemCode
  );
}

// client/src/api-url.ts
/**
 * Reads the address of an API, a path before the endpoints allowed, and gives it back in one form without a trailing
 * slash, so that two ways to write one address compare equal. https only, but for loopback (`localhost`, `127.0.0.0/8`,
 * `[::1]`).
 *
 * @throws {TypeError} when it is not an absolute http(s) URL, or has user information, a query, a fragment, a backslash,
 *   white space or a control character. The message never repeats it.
 * @throws {TransportError} `insecure_url` for plain http to another machine.
 */
function parseApiUrl(apiUrl2) {
  check("apiUrl", /^https?:\/\/(?!\/)[^@\s\\?#\p{Cc}]+$/iu.test(apiUrl2) && URL.canParse(apiUrl2));
  const { hostname: hostname2, href } = new URL(apiUrl2);
  if (/^http:/.test(href) && !isLoopback(hostname2)) throw new TransportError("insecure_url");
  return href.replace(/\/+$/, "");
}
// WHATWG's parser drops tabs and line ends, takes a backslash for a slash, and forgets an empty query or fragment.

// client/src/browser.ts
/** The option that lets a key's secret be used in a page of a browser. Every visitor can then read it. */
var allowSecretInBrowser = /* @__PURE__ */ Symbol();
/**
 * Refuses a secret in a page of a browser, whose visitors can read what it holds: a document, and no Node underneath.
 *
 * @throws {TypeError} which says what to use instead, unless the option allows it.
 */
function refuseInBrowser(options) {
  check(
    "keySecret in a browser (use fromBackend)",
    options[allowSecretInBrowser] || !globalThis.document || globalThis.process?.versions?.node
  );
}

// client/src/limits.ts
// In a module without imports, and so before anything runs: bundlers then write such a number where it is used.
/** How long an exchange may last, from the call to the last byte of the body, if nobody says otherwise. */
var DEFAULT_TIMEOUT_MS = 15e3;

// client/src/post-json.ts
// A browser shows a redirect that it was told not to follow as status 0.
/**
 * Sends one POST with a JSON body and gives the answer as it came, unless it is a redirect. Not retried.
 *
 * @throws {TypeError} when `timeoutMs` is not above 0 and below 2^31.
 * @throws {TransportError} when the service could not be reached or is not trusted. When the time is up while the body is
 *   read, reading it throws this as well (`timeout`).
 */
async function postJson(url, body, {
  signal,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  // The platform's fetch gives a Response, which is what R is when none is handed in.
  fetch: send = fetch
}) {
  check("timeoutMs", timeoutMs > 0 && timeoutMs < 2 ** 31);
  signal?.throwIfAborted();
  // It goes on for the body, whose end nobody reports: so the timer must not keep a program running.
  const controller = new AbortController();
  const end = (reason) => {
    controller.abort(reason);
    clearTimeout(timer);
  };
  const timer = setTimeout(end, timeoutMs, new TransportError("timeout"));
  timer.unref?.();
  signal?.addEventListener("abort", () => end(signal.reason), { signal: controller.signal });
  try {
    const response = await send(url, {
      method: "POST",
      headers: { "Content-Type": JSON_CONTENT_TYPE, "Accept-Encoding": "identity" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: controller.signal
    });
    if (/^0|30[12378]/.test(response.status))
      throw new TransportError("redirect", void 0, response.status);
    return response;
  } catch (fault) {
    end(classifyFault(fault));
    throw controller.signal.reason;
  }
}

// client/src/request-token.ts
var isText = (value) => typeof value === "string" && value;
/**
 * Exchanges an API key for an access token, strictly: one POST, and the answer handed back as it came, whatever its
 * status, not read, not parsed, not retried. No redirect is followed.
 *
 * Three things are the platform's: by the Fetch standard Node's fetch sends a second time after a 421, and gives no
 * response for a 407; with `NODE_USE_ENV_PROXY` it sends through the proxy that the environment names, plain http to
 * loopback as well unless `NO_PROXY` names that. Whoever minds hands in another `fetch`, as the command does.
 *
 * @throws {TypeError} when a parameter is not what its type says, and in a page of a browser, whose visitors read what it
 *   holds, unless {@link allowSecretInBrowser} is given. The message never repeats a parameter.
 * @throws {TransportError} when the service could not be reached or is not trusted. When the time is up while the body is
 *   read, reading it throws this as well (`timeout`).
 * @see Our contract, sections 1 and 8
 */
async function requestToken(parameters) {
  const { keyId, keySecret, scopes, apiVersion: apiVersion2 = "v0" } = parameters;
  refuseInBrowser(parameters);
  check("keyId", isText(keyId));
  check("keySecret", isText(keySecret));
  check("scopes", scopes?.[0] && scopes.every?.(isText));
  check("apiVersion", isText(TOKEN_ENDPOINTS[apiVersion2]));
  return postJson(
    parseApiUrl(parameters.apiUrl ?? DEFAULT_API_URL) + TOKEN_ENDPOINTS[apiVersion2],
    formatTokenRequest(parameters),
    parameters
  );
}

// client/src/strict/index.ts
// The strict exchange and nothing of what is built on it, for programs whose start counts: an entry of its own, as Node
// loads the whole of what an entry names.

// cli/src/exit-codes.ts
/** The exit codes that scripts depend on (our contract, section 9). */
var EXIT = {
  /** Status 200, and the body whole. */
  ok: 0,
  /** Wrong usage. */
  usage: 2,
  /** No credential, half of one, or an unsafe file. */
  credential: 3,
  /** Refused: a 4xx. */
  refused: 4,
  /** Any other status, what is not HTTP, a body cut short, or an output that cannot be written. */
  other: 5,
  /** Not reached in time, or reset before the headers. */
  unreachable: 6,
  /** Not trusted: a redirect, plain http to another machine, TLS, an address that is not the key's. */
  untrusted: 7,
  /** `exec`: the command is there and cannot be run. */
  commandUnusable: 126,
  /** `exec`: there is no such command. */
  commandAbsent: 127
};
/** Gives the exit code of an answer, by its status alone. */
function exitCodeOfStatus(status) {
  if (status === 200) return EXIT.ok;
  return status >= 400 && status < 500 ? EXIT.refused : EXIT.other;
}
/** The exit code of an exchange that brought no answer. */
var EXIT_OF_TRANSPORT = {
  timeout: EXIT.unreachable,
  network: EXIT.unreachable,
  not_http: EXIT.other,
  redirect: EXIT.untrusted,
  tls: EXIT.untrusted,
  insecure_url: EXIT.untrusted
};
/** Ends a command with one line on standard error. The message holds no credential and nothing that was typed. */
var Refusal = class extends Error {
  name = "Refusal";
  exitCode;
  details;
  /** Absent where trying again was no question. */
  retry;
  constructor(exitCode, message, details = {}, retry) {
    super(message);
    this.exitCode = exitCode;
    this.details = details;
    this.retry = retry;
  }
};

// cli/src/credentials/credential.ts
/** The names of a credential, in the environment and in a file alike (our contract, section 9). */
var KEY_ID_NAME = "INTERHUMAN_KEY_ID";
/** The name of the secret. */
var KEY_SECRET_NAME = "INTERHUMAN_KEY_SECRET";
/** The name of the address that a key goes to. */
var API_URL_NAME = "INTERHUMAN_API_URL";
/** Names the credentials file. */
var CONFIG_NAME = "INTERHUMAN_CONFIG";
/** Reads a credential from named values; an empty value is no value, and half a credential is refused by name. */
function readCredential(value) {
  const keyId = value(KEY_ID_NAME) || void 0;
  const keySecret = value(KEY_SECRET_NAME) || void 0;
  if (keyId === void 0 && keySecret === void 0) return { kind: "absent" };
  if (keyId === void 0) return { kind: "refused", reason: half(KEY_SECRET_NAME, KEY_ID_NAME) };
  if (keySecret === void 0) return { kind: "refused", reason: half(KEY_ID_NAME, KEY_SECRET_NAME) };
  return { kind: "found", credential: { keyId, keySecret, apiUrl: value(API_URL_NAME) || void 0 } };
}
function half(held, missing) {
  return `holds ${held} but not ${missing}; put both there, as a credential is never made from two sources`;
}

// cli/src/credentials/file.ts
import { isUtf8 } from "node:buffer";
import { posix, win32 } from "node:path";

// cli/src/builtin.ts
import { createRequire } from "node:module";
/**
 * Loads one of Node's own modules. Not by `import` where start-up counts: that reads every export, and some of them load
 * more (a WebSocket client with `node:http`, which takes half as long as Node's own start).
 */
var builtin = createRequire(import.meta.url);

// cli/src/credentials/dotenv.ts
var assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(.*)$/;
var quoted = /^(?:"([^"\\]*)"|'([^']*)')(?:[ \t]+#.*)?$/;
/**
 * Reads the assignments to the names asked for from text in dotenv form, and nothing else of it. Values are literal: no
 * escapes, no `$` expansion, no value over several lines. A byte order mark, CRLF, blank lines, `#` comments and
 * `export ` are taken; one pair of quotes is taken off; an unquoted value ends at white space and `#`. What dialects read
 * differently (a name twice, an open quote, a backslash in double quotes) is a problem, which names a line and never quotes it.
 */
function parseDotenv(text, names) {
  const values = /* @__PURE__ */ new Map();
  for (const [index, line] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name, rest] = assignment.exec(trimmed) ?? [];
    if (name === void 0 || rest === void 0)
      return { problem: `line ${index + 1} is not of the form NAME=value` };
    if (!names.includes(name)) continue;
    if (values.has(name)) return { problem: `it names ${name} twice` };
    const value = readValue(rest);
    if (value === void 0) return { problem: `the value in line ${index + 1} is not quoted plainly` };
    values.set(name, value);
  }
  return { values };
}
function readValue(rest) {
  const [match, double, single] = quoted.exec(rest) ?? [];
  if (match !== void 0) return double ?? single;
  if (rest.startsWith('"') || rest.startsWith("'")) return void 0;
  return rest.replace(/(?:^|[ \t]+)#.*$/, "");
}

// cli/src/credentials/file.ts
var { closeSync, constants, fstatSync, openSync, readSync } = builtin("node:fs");
var MAX_FILE_BYTES = 64 * 1024;
var PERMISSIONS = 4095;
var OTHERS = 63;
/** Gives the place of the credentials file that nobody named: the XDG folder where one is set, or the platform's own. */
function defaultFilePath({ env, platform, home }) {
  const { join: join2, isAbsolute } = platform === "win32" ? win32 : posix;
  const settled = [env.XDG_CONFIG_HOME, platform === "win32" ? env.APPDATA : void 0];
  // XDG base directories: a relative path is to be ignored.
  const folder = settled.find((path) => path !== void 0 && isAbsolute(path));
  return join2(folder ?? join2(home(), ...platformFolder(platform)), "interhuman", "credentials.env");
}
function platformFolder(platform) {
  if (platform === "darwin") return ["Library", "Application Support"];
  return platform === "win32" ? ["AppData", "Roaming"] : [".config"];
}
/**
 * Reads a credentials file. What is checked is the file that was opened, so that nothing can be put in its place in
 * between; a symbolic link may lead to it. Refused: what others can read, another user's, what is not a regular file or
 * is larger than 64 KiB, and text that cannot be read without guessing.
 *
 * @see Our contract, section 9
 */
function readCredentialsFile(path, uid) {
  let descriptor;
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (fault) {
    const { code } = fault;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "refused", reason: `cannot be opened (${code})` };
  }
  try {
    return readOpened(descriptor, uid);
  } finally {
    closeSync(descriptor);
  }
}
function readOpened(descriptor, uid) {
  const stats = fstatSync(descriptor);
  const mode = uid === void 0 ? void 0 : (stats.mode & PERMISSIONS).toString(8).padStart(4, "0");
  const refused = (reason) => ({ kind: "refused", reason, mode });
  const unsafe = unsafeBecause(stats, uid);
  if (unsafe !== void 0) return refused(unsafe);
  const bytes = readAll(descriptor);
  if (bytes === void 0) return refused("is larger than 64 KiB");
  if (!isUtf8(bytes)) return refused("is not UTF-8 text");
  const reading = parseDotenv(bytes.toString("utf8"), [KEY_ID_NAME, KEY_SECRET_NAME, API_URL_NAME]);
  if ("problem" in reading) return refused(`cannot be read: ${reading.problem}`);
  const finding = readCredential((name) => reading.values.get(name));
  if (finding.kind === "absent") return refused(`holds neither ${KEY_ID_NAME} nor ${KEY_SECRET_NAME}`);
  return { ...finding, mode };
}
function unsafeBecause(stats, uid) {
  if (!stats.isFile()) return "is not a regular file";
  if (uid === void 0) return void 0;
  if (stats.uid !== uid) return "belongs to another user";
  return (stats.mode & OTHERS) === 0 ? void 0 : "is open to others; run chmod 600 on it";
}
function readAll(descriptor) {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  for (; ; ) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null);
    length += read;
    if (length > MAX_FILE_BYTES) return void 0;
    if (read === 0) return bytes.subarray(0, length);
  }
}

// cli/src/credentials/resolve.ts
/** Reads the sources one after the other, the one that counts first; the keychain only when all before it were read. */
function* readSources(surroundings) {
  yield* readPlainSources(surroundings);
  if (surroundings.keychain !== void 0)
    yield { name: "keychain", role: "keychain", finding: surroundings.keychain() };
}
/** Reads the sources that are there without asking anybody: the environment and the files. */
function* readPlainSources(surroundings) {
  const { env, uid } = surroundings;
  yield { name: "environment", role: "environment", finding: readCredential((name) => env[name]) };
  const named = env[CONFIG_NAME] || void 0;
  if (named !== void 0)
    yield { name: named, role: `file named by ${CONFIG_NAME}`, finding: readNamed(named, uid) };
  const path = defaultFilePath(surroundings);
  yield { name: path, role: "default file", finding: readCredentialsFile(path, uid) };
}
function readNamed(path, uid) {
  const finding = readCredentialsFile(path, uid);
  return finding.kind === "absent" ? { kind: "refused", reason: "does not exist" } : finding;
}
/**
 * Takes the first source that holds anything. Id, secret and address come from that one source; what it lacks is not
 * looked for in the next.
 *
 * @param apiUrlOption What `--api-url` says.
 * @throws {Refusal} 3 when there is no credential or the source is refused, 7 when the key may not go to the address.
 * @see Our contract, section 9
 */
function resolveCredential(sources, surroundings, apiUrlOption) {
  let unasked;
  for (const source of sources) {
    const { finding } = source;
    if (finding.kind === "absent") unasked ??= finding.reason;
    if (finding.kind === "refused") throw new Refusal(EXIT.credential, describeRefused(source, finding));
    if (finding.kind === "found") {
      const { credential } = finding;
      return { source, credential, apiUrl: settleAddress(source, credential, surroundings, apiUrlOption) };
    }
  }
  throw new Refusal(EXIT.credential, describeNone(surroundings, unasked));
}
function describeRefused(source, finding) {
  const mode = finding.mode === void 0 ? "" : ` (mode ${finding.mode})`;
  if (source.role === "keychain") return `the keychain ${finding.reason}; run interhuman-auth login`;
  return source.role === "environment" ? `the environment ${finding.reason}` : `the credentials file ${source.name}${mode} ${finding.reason}`;
}
function describeNone(surroundings, unasked) {
  const { keychain } = surroundings;
  const login = keychain === void 0 ? "" : "run interhuman-auth login, or ";
  const reason = keychain === void 0 ? "this version does not read the system's keychain" : "";
  const why = unasked === void 0 ? reason : `the keychain was not read: ${unasked}`;
  return `no credential found; ${login}set ${KEY_ID_NAME} and ${KEY_SECRET_NAME}, or write both to ${defaultFilePath(surroundings)} with mode 0600${why === "" ? "" : ` (${why})`}`;
}
function settleAddress(source, credential, { env }, apiUrlOption) {
  const said = [
    ["--api-url", apiUrlOption],
    [API_URL_NAME, env[API_URL_NAME] || void 0]
  ];
  const elsewhere = said.flatMap(
    ([by, address]) => address === void 0 ? [] : [{ by, address: readAddress(address, by, EXIT.usage) }]
  );
  const [first, second] = elsewhere;
  if (source.role === "environment") {
    if (first !== void 0 && second !== void 0 && first.address !== second.address)
      throw new Refusal(
        EXIT.untrusted,
        `the environment's key goes only to the address beside it, ${second.address}, and ${first.by} names another; nothing was sent`
      );
    return first?.address ?? parseApiUrl(DEFAULT_API_URL);
  }
  const stored = credential.apiUrl ?? DEFAULT_API_URL;
  const own = readAddress(stored, `${API_URL_NAME} in ${source.name}`, EXIT.credential);
  const other = elsewhere.find(({ address }) => address !== own);
  if (other === void 0) return own;
  throw new Refusal(
    EXIT.untrusted,
    `the key from ${source.name} goes only to the address stored with it, ${own}, and ${other.by} names another; nothing was sent`
  );
}
/**
 * Reads an address that a key may go to.
 *
 * @param by What said it, for people.
 * @param malformed The exit code when it is no address.
 * @throws {Refusal} that one, or 7 when it is plain http to another machine.
 */
function readAddress(address, by, malformed) {
  try {
    return parseApiUrl(address);
  } catch (fault) {
    if (fault instanceof TransportError)
      throw new Refusal(EXIT.untrusted, `${by} is plain http to another machine; use https; nothing was sent`);
    throw new Refusal(
      malformed,
      `${by} is not an https address without user information, query, fragment or spaces; nothing was sent`
    );
  }
}

// cli/src/hand-on.ts
/** The largest body that is handed on, decoded, in bytes; a token's is below two thousand. */
var MAX_BODY_BYTES = 64 * 1024 * 1024;
/** A body of which not all can be handed on. */
var BodyFault = class extends Error {
  name = "BodyFault";
  end;
  constructor(end) {
    super(end);
    this.end = end;
  }
};
/**
 * Hands a body on chunk by chunk, the next one when the one before is written, so that a slow reader slows the server
 * down. What came before a fault is handed on.
 *
 * @throws What `write` throws, and nothing else.
 * @see Our contract, section 8
 */
async function handOn(body, write) {
  const chunks = body[Symbol.asyncIterator]();
  let room = MAX_BODY_BYTES;
  try {
    for (; ; ) {
      const next = await chunks.next().catch((fault) => ({ fault }));
      if ("fault" in next) return endBy(next.fault);
      if (next.done === true) return "whole";
      await write(next.value.subarray(0, room));
      if (next.value.length > room) return "too_large";
      room -= next.value.length;
    }
  } finally {
    await chunks.return?.();
  }
}
function endBy(fault) {
  if (fault instanceof BodyFault) return fault.end;
  return fault instanceof TransportError && fault.code === "timeout" ? "timeout" : "cut_short";
}
/** Says for people why not all of a body could be handed on. */
function describeEnd(end) {
  return descriptions[end];
}
var descriptions = {
  cut_short: "the body of the answer was cut short",
  timeout: "the body of the answer was cut short, as the time was up",
  too_large: `the body of the answer is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB`,
  undecodable: "the body of the answer came encoded, and cannot be decoded"
};

// cli/src/decode.ts
/**
 * Decodes a body that came encoded although `identity` was asked for: gzip, deflate, br, and several in a row. An encoding
 * that is not known is handed on as it came. Of a body that is cut short, what can be decoded is given first. The whole is
 * gathered before: this is the exception, and a decoder fed bit by bit keeps its last bytes back when a fault ends it.
 *
 * @throws {BodyFault} after what could be given.
 */
async function* decode(body, encoding) {
  const decoders = readCodings(encoding);
  if (decoders === void 0 || decoders.length === 0) return yield* body;
  const { bytes, fault } = await gather(body);
  let decoded = { bytes, cut: fault !== void 0 };
  for (const decoder of decoders) decoded = await decodeOnce(decoder, decoded);
  if (decoded.bytes.length > 0) yield decoded.bytes;
  if (decoded.cut) throw fault ?? new BodyFault("cut_short");
}
var gzip = (zlib, bytes, lenient) => zlib.gunzipSync(bytes, { ...bound, finishFlush: flushOf(zlib, lenient) });
var deflate = (zlib, bytes, lenient) => {
  // RFC 9110 section 8.4.1.2: some send the raw form, which lacks the header with an 8 in its low half byte.
  const inflate = ((bytes[0] ?? 8) & 15) === 8 ? zlib.inflateSync : zlib.inflateRawSync;
  return inflate(bytes, { ...bound, finishFlush: flushOf(zlib, lenient) });
};
var br = (zlib, bytes, lenient) => {
  const { BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  const finishFlush = lenient ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
  return zlib.brotliDecompressSync(bytes, { ...bound, finishFlush });
};
var bound = { maxOutputLength: MAX_BODY_BYTES };
function flushOf(zlib, lenient) {
  return lenient ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.Z_FINISH;
}
var MAX_CODINGS = 5;
var known = /* @__PURE__ */ new Map([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", deflate],
  ["br", br]
]);
/** The decoders of a `Content-Encoding`, the last applied first; `undefined` if it is not known or too long a row. */
function readCodings(encoding) {
  const names = encoding.split(",").map((name) => name.trim().toLowerCase());
  const codings = names.filter((name) => name !== "" && name !== "identity").reverse();
  const decoders = codings.flatMap((coding) => known.get(coding) ?? []);
  return decoders.length === codings.length && codings.length <= MAX_CODINGS ? decoders : void 0;
}
async function decodeOnce(decoder, { bytes, cut }) {
  if (bytes.length === 0) return { bytes, cut };
  const zlib = await import("node:zlib");
  try {
    return { bytes: decoder(zlib, bytes, false), cut };
  } catch (fault) {
    const { code } = fault;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new BodyFault("too_large");
    if (code !== "Z_BUF_ERROR") throw new BodyFault("undecodable");
  }
  try {
    return { bytes: decoder(zlib, bytes, true), cut: true };
  } catch {
    throw new BodyFault("undecodable");
  }
}
async function gather(body) {
  const chunks = [];
  let room = MAX_BODY_BYTES;
  try {
    for await (const chunk of body) {
      room -= chunk.length;
      if (room < 0) throw new BodyFault("too_large");
      chunks.push(chunk);
    }
    return { bytes: Buffer.concat(chunks), fault: void 0 };
  } catch (fault) {
    return { bytes: Buffer.concat(chunks), fault };
  }
}

// cli/src/http-post.ts
/**
 * Sends the one request over Node's own client and gives the answer as it is. Node's fetch cannot: it sends a second time
 * after a 421, gives no answer for a 407, and drops the body of a 205. Certificates are checked whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says.
 */
async function httpPost(url, init) {
  const isHttps = url.startsWith("https:");
  const { request } = builtin(isHttps ? "node:https" : "node:http");
  const options = {
    method: init.method,
    headers: {
      ...init.headers,
      Accept: "*/*",
      "User-Agent": "interhuman-auth",
      "Content-Length": Buffer.byteLength(init.body),
      Connection: "close"
    },
    rejectUnauthorized: true,
    // Not the global agent, which takes the environment's proxy: there plain http would leave this machine.
    ...!isHttps && { agent: false }
  };
  const response = await answerTo(request(url, options), init);
  const body = arriving(response, init.signal);
  const encoding = response.headers["content-encoding"];
  return {
    status: response.statusCode ?? 0,
    header: (name) => [response.headers[name.toLowerCase()]].flat()[0],
    body: encoding === void 0 ? body : decode(body, encoding)
  };
}
function answerTo(request, init) {
  return new Promise((resolve2, reject) => {
    const abort = () => request.destroy(init.signal.reason);
    init.signal.addEventListener("abort", abort, { once: true });
    request.on("response", (response) => {
      init.signal.removeEventListener("abort", abort);
      resolve2(response);
    });
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new TransportError("not_http"));
    });
    request.on(
      "error",
      (error) => reject(isTlsFault(error) ? new TransportError("tls", error.code) : error)
    );
    request.end(init.body);
  });
}
/** What OpenSSL finds wrong with a certificate and the client's reading of a fault does not know. */
var rareTlsFaults = /^(?:CRL_|DIFFERENT_CRL_|INVALID_|PATH_LENGTH_|HOSTNAME_|IP_ADDRESS_|UNABLE_TO_)/;
function isTlsFault({ code = "" }) {
  return rareTlsFaults.test(code);
}
/**
 * Gives the chunks of a response, and those that came before a connection broke as well: a stream's own iterator drops
 * what it still holds when the stream is destroyed.
 */
function arriving(response, signal) {
  let fault;
  let wake = () => {
  };
  let closed = false;
  signal.addEventListener("abort", () => response.destroy(signal.reason), { once: true });
  response.on("readable", () => wake());
  response.on("error", (error) => {
    fault = error;
  });
  response.on("close", () => {
    closed = true;
    wake();
  });
  return (async function* () {
    try {
      for (; ; ) {
        const chunk = response.read();
        if (chunk !== null) yield chunk;
        else if (!closed) await new Promise((resolve2) => wake = resolve2);
        else if (fault !== void 0 || !response.complete) throw fault ?? new Error("cut short");
        else return;
      }
    } finally {
      response.destroy();
    }
  })();
}

// cli/src/exchange.ts
/**
 * Makes the one exchange.
 *
 * @throws {Refusal} when no answer came that may be handed on: 5, 6 or 7.
 */
async function exchange({ credential, apiUrl: apiUrl2 }, options) {
  const { keyId, keySecret } = credential;
  const { scopes, apiVersion: apiVersion2, timeoutMs } = options;
  try {
    return await requestToken({ keyId, keySecret, scopes, apiUrl: apiUrl2, apiVersion: apiVersion2, timeoutMs, fetch: httpPost });
  } catch (fault) {
    if (!(fault instanceof TransportError)) throw fault;
    const { code, retryable } = fault;
    throw new Refusal(EXIT_OF_TRANSPORT[code], describe(fault, apiUrl2, timeoutMs), {}, { retryable });
  }
}
function describe(fault, apiUrl2, timeoutMs = DEFAULT_TIMEOUT_MS) {
  const code = fault.systemCode === void 0 ? "" : ` (${fault.systemCode})`;
  switch (fault.code) {
    case "timeout":
      return `no answer from ${apiUrl2} within ${timeoutMs / 1e3} s; try again, or allow more with --timeout`;
    case "network":
      return `no answer from ${apiUrl2}${code}; check the address, and that this machine, or the sandbox that this runs in, may use the network`;
    case "not_http":
      return `what answers at ${apiUrl2} is not HTTP that can be read${code}; check the address`;
    case "redirect":
      return `${apiUrl2} answers with a redirect (${fault.status}), which is not followed; check the address`;
    case "tls":
      return `the TLS certificate or handshake of ${apiUrl2} is not trusted${code}; ${adviseOnTls(fault.systemCode)}`;
    case "insecure_url":
      return `${apiUrl2} is plain http to another machine; use https; nothing was sent`;
  }
}
/** A certificate is judged before anything is sent; TLS itself can break at any time. */
function adviseOnTls(systemCode = "") {
  return /^(?:ERR_SSL_|EPROTO$)/.test(systemCode) ? "check the address" : "nothing was sent";
}
var uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/**
 * Says which status came, with the correlation id where there is one. Any other text in that header is left out: a
 * hostile server could put there what it was sent.
 */
function describeStatus(answer, correlationId = correlationIdOf(answer)) {
  return correlationId === void 0 ? `status ${answer.status}` : `status ${answer.status} (correlation id ${correlationId})`;
}
/** Gives an answer's correlation id, by its header, if it has one and it is a UUID. */
function correlationIdOf(answer) {
  return readCorrelationId(answer.header(CORRELATION_ID_HEADER));
}
/** Gives a correlation id if it is a UUID. */
function readCorrelationId(text) {
  return text !== void 0 && uuid.test(text) ? text : void 0;
}
/** Says what to do about a status that is not 200; `otherwise` where the status alone does not tell. */
function adviseOn(status, otherwise = "the body says more") {
  const known2 = advice[status];
  if (known2 !== void 0) return known2;
  return status >= 500 ? "try again later" : otherwise;
}
var advice = {
  401: "check the key id and the secret",
  403: "ask for scopes that the key holds",
  404: "check the address and the API version",
  422: "check the scopes",
  429: "wait before trying again"
};

// cli/src/output.ts
/** The reader of standard output has gone: nothing is wrong, and nothing more is to be written. */
var ReaderGone = class extends Error {
  name = "ReaderGone";
};
/**
 * Writes to standard output, each chunk when the one before is taken.
 *
 * @throws {ReaderGone} from `write`, when the pipe is closed.
 * @throws {Refusal} from `write`, when it cannot be written to for another reason.
 */
function standardOutput(stdout) {
  // The error also comes as an event, which would end the process with a stack trace.
  stdout.on("error", () => {
  });
  const write = (chunk) => new Promise((resolve2, reject) => {
    stdout.write(chunk, (fault) => {
      if (fault === null || fault === void 0) return resolve2();
      const { code } = fault;
      if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return reject(new ReaderGone());
      reject(
        new Refusal(
          EXIT.other,
          `standard output cannot be written (${code}); the answer was not handed on whole`
        )
      );
    });
  });
  return { write, finish: async () => {
  }, discard: () => {
  } };
}
/** Makes control, format and line-separating characters visible, so that a name or a header cannot drive a terminal. */
function printable(text) {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  );
}

// cli/src/output-file.ts
import { basename, dirname, join, sep } from "node:path";
var {
  closeSync: closeSync2,
  fsyncSync,
  lstatSync,
  openSync: openSync2,
  renameSync,
  unlinkSync,
  writeSync
} = builtin("node:fs");
var OWNER_ONLY = 384;
/**
 * Opens a file that appears whole or not at all: a new one beside it (0600), flushed to the disk, then put in its place.
 * Never through a symbolic link, never over what is not a regular file or is another user's.
 *
 * @throws {Refusal} before anything is sent, when the file cannot be made there; from `write` and `finish`, when the disk
 *   does not take it.
 * @see Our contract, section 8
 */
function fileOutput(path, surroundings) {
  refuseUnsafeTarget(path, surroundings.uid);
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  const descriptor = attempt(EXIT.usage, () => openSync2(temporary, "wx", OWNER_ONLY));
  let open = true;
  const discard = () => {
    if (!open) return;
    open = false;
    closeSync2(descriptor);
    unlinkSync(temporary);
  };
  surroundings.atSignal(discard);
  return {
    write: async (chunk) => {
      for (let written = 0; written < chunk.length; )
        written += attempt(EXIT.other, () => writeSync(descriptor, chunk, written));
    },
    finish: async () => {
      attempt(EXIT.other, () => {
        fsyncSync(descriptor);
        renameSync(temporary, path);
      });
      open = false;
      closeSync2(descriptor);
    },
    discard
  };
}
function refuseUnsafeTarget(path, uid) {
  if (path.endsWith("/") || path.endsWith(sep)) throw refuse("is not a regular file; name another");
  const found = attempt(EXIT.usage, () => lstatSync(path, { throwIfNoEntry: false }));
  if (found === void 0) return;
  if (found.isSymbolicLink()) throw refuse("is a symbolic link; name the file itself");
  if (!found.isFile()) throw refuse("is not a regular file; name another");
  if (uid !== void 0 && found.uid !== uid) throw refuse("belongs to another user; name another");
}
function refuse(what) {
  return new Refusal(EXIT.usage, `the output file ${what}; nothing was sent`);
}
function attempt(exitCode, action) {
  try {
    return action();
  } catch (fault) {
    const { code } = fault;
    const when = exitCode === EXIT.usage ? "nothing was sent" : "the answer came, and nothing of it was kept";
    throw new Refusal(exitCode, `the output file cannot be written (${code}); ${when}`);
  }
}

// cli/src/commands/token.ts
/**
 * Exchanges the key for a token and hands the answer's bytes on, untouched.
 *
 * @returns The exit code, by the status alone, or 5 when not all of the body could be handed on.
 * @throws {Refusal} when there is no answer to hand on, or nowhere to put it.
 * @see Our contract, sections 8 and 9
 */
async function token(options, surroundings) {
  const resolved = resolveCredential(readSources(surroundings), surroundings, options.apiUrl);
  const output2 = openOutput(options, surroundings);
  try {
    const answer = await exchange(resolved, options);
    const end = await handOnTo(output2, answer);
    if (end === "whole") await output2.finish();
    report(answer, end, options, surroundings);
    return end === "whole" ? exitCodeOfStatus(answer.status) : EXIT.other;
  } finally {
    output2.discard();
  }
}
function openOutput(options, surroundings) {
  if (options.output === void 0) return standardOutput(surroundings.stdout);
  return fileOutput(options.output, surroundings);
}
async function handOnTo(output2, answer) {
  try {
    return await handOn(answer.body, output2.write);
  } catch (fault) {
    if (fault instanceof ReaderGone) return "whole";
    throw fault;
  }
}
function report(answer, end, { output: output2 }, { say }) {
  if (answer.status !== 200)
    say(`the service answered with ${describeStatus(answer)}; ${adviseOn(answer.status)}`);
  if (end !== "whole") {
    const kept = output2 === void 0 ? "what came of it is on standard output" : "the output file was left as it was";
    say(`${describeEnd(end)}; ${kept}`);
  } else if (output2 !== void 0) say(`the answer is in ${resolve(output2)}`);
}

// cli/src/help.ts
var WIDTH = 100;
var INDENT = 22;
/** Writes the help text of a command, from the table that its options are read by. */
function formatHelp(command) {
  const { operand } = command;
  return [
    wrap(`Usage: ${formatUsage(command)}`, 0, 7),
    "",
    wrap(`${capitalised(command.summary)}.`, 0, 0),
    "",
    ...operand === void 0 ? [] : [formatRow(`  ${placeholder(operand)}`, operand.help), ""],
    ...command.options.map((option) => formatRow(`  ${typed(option)}`, option.help)),
    "",
    ...command.notes.map((note) => `${wrap(note, 0, 0)}
`)
  ].join("\n");
}
/** Writes what can be typed for a command, on one line. */
function formatUsage({ start, options, required, operand, rest }) {
  return [
    start,
    ...options.map((option) => formatUse(option, required.includes(option.name))),
    ...operand === void 0 ? [] : [operand.required ? placeholder(operand) : `[${placeholder(operand)}]`],
    ...rest === void 0 ? [] : ["--", rest]
  ].join(" ");
}
function formatUse(option, required) {
  const once = required ? typed(option) : `[${typed(option)}]`;
  if (option.multiple !== true) return once;
  return required ? `${once} [${typed(option)}]...` : `${once}...`;
}
/** Writes an option as it is typed: `--scope S`, `--api-version v0|v1`. */
function typed(option) {
  const value = option.value ?? option.choices?.join("|");
  return value === void 0 ? `--${option.name}` : `--${option.name} ${value}`;
}
function placeholder({ name, choices }) {
  return choices?.join("|") ?? name;
}
function formatRow(left, right) {
  const [first = "", ...rest] = wrap(right, 0, 0, WIDTH - INDENT).split("\n");
  const gap = left.length < INDENT ? left.padEnd(INDENT) : `${left}
${" ".repeat(INDENT)}`;
  return [gap + first, ...rest.map((line) => " ".repeat(INDENT) + line)].join("\n");
}
/** Breaks at spaces, but never inside square brackets. */
function wrap(text, first, next, width = WIDTH) {
  const lines = [];
  let line = " ".repeat(first);
  for (const word of text.match(/(?:\[[^\]]*\]|\S)+/g) ?? []) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(next) + word;
    } else line = line.trim() === "" ? line + word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// cli/src/options.ts
/**
 * Reads what was typed after a command's name. No message repeats any of it: who mistypes a secret must not find it in a
 * log.
 *
 * @throws {Refusal} 2, with the place of what is wrong.
 */
function parseOptions(argv, command) {
  if (argv.some((argument) => argument.includes(SECRET_PREFIX)))
    throw misused(command, "a key secret was typed, which other processes can have seen; rotate it");
  const { found, operands, rest } = collect(argv, command);
  const values = (name) => found.get(name) ?? [];
  const options = {
    scopes: values("scope"),
    apiVersion: values("api-version")[0],
    apiUrl: values("api-url")[0],
    timeoutMs: toMs(readSeconds("timeout", values("timeout")[0], command)),
    minLifeSeconds: readSeconds("min-life", values("min-life")[0], command),
    as: values("as")[0],
    output: values("output")[0],
    store: values("store")[0],
    port: values("port")[0],
    paths: values("allow-path"),
    origins: values("allow-origin"),
    proxy: found.has("proxy"),
    noSecret: found.has("no-secret"),
    verbose: found.has("verbose"),
    online: found.has("online"),
    check: found.has("check"),
    keychain: found.has("keychain"),
    json: found.has("json"),
    help: found.has("help"),
    operand: operands[0],
    rest
  };
  if (!options.help) refuseIncomplete(options, found, command);
  return options;
}
function refuseIncomplete(options, found, command) {
  if (found.has("scope") && command.options.some(({ name }) => name === "online") && !options.online)
    throw misused(command, "--scope goes with --online");
  const missing = options.check || options.proxy ? void 0 : command.required.find((name) => !found.has(name));
  if (missing !== void 0) throw misused(command, `--${missing} is needed`);
  const { operand, rest } = command;
  if (operand?.required === true && options.operand === void 0)
    throw misused(command, `${operand.name} is needed`);
  if (rest !== void 0 && options.rest.length === 0) throw misused(command, `${rest} is needed, after --`);
}
function collect(argv, command) {
  const end = command.rest === void 0 ? -1 : argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const form = (option) => ({ type: takesValue(option) ? "string" : "boolean" });
  const { parseArgs } = builtin("node:util");
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(command.options.map((option) => [option.name, form(option)])),
    strict: false,
    tokens: true
  });
  const found = /* @__PURE__ */ new Map();
  const operands = [];
  for (const token2 of tokens) {
    if (token2.kind === "positional" && command.operand !== void 0 && operands.length === 0) {
      operands.push(readOperand(token2.value, command));
      continue;
    }
    const option = token2.kind === "option" ? command.options.find(({ name: name2 }) => token2.rawName === `--${name2}`) : void 0;
    if (token2.kind !== "option" || option === void 0) throw misused(command, unknown(token2.index));
    const { name } = option;
    const value = readValue2(option, token2.value, token2.inlineValue === true, command);
    if (found.has(name) && option.multiple !== true) throw misused(command, `--${name} is given twice`);
    found.set(name, [...found.get(name) ?? [], value]);
  }
  return { found, operands, rest: end < 0 ? [] : argv.slice(end + 1) };
}
function readOperand(value, command) {
  const { name = "", choices } = command.operand ?? {};
  if (choices === void 0 || choices.includes(value)) return value;
  throw misused(command, `${name} is one of ${choices.join(", ")}`);
}
function readValue2(option, value, inline, command) {
  const { name, choices } = option;
  if (!takesValue(option)) {
    if (value !== void 0) throw misused(command, `--${name} takes no value`);
    return "";
  }
  if (value === void 0 || value === "" || !inline && value.startsWith("-"))
    throw misused(command, `--${name} needs a value`);
  if (choices !== void 0 && !choices.includes(value))
    throw misused(command, `--${name} is one of ${choices.join(", ")}`);
  return value;
}
function takesValue({ value, choices }) {
  return value !== void 0 || choices !== void 0;
}
/** How our own key secrets begin (our contract, section 7). */
var SECRET_PREFIX = "ih_live_";
var MOST_SECONDS = 86400;
function readSeconds(name, value, command) {
  if (value === void 0) return void 0;
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw misused(command, `--${name} is a number of seconds above 0, ${MOST_SECONDS} at most`);
}
function toMs(seconds) {
  return seconds === void 0 ? void 0 : seconds * 1e3;
}
function unknown(index) {
  return `argument ${index + 1} is none of its options, and no option takes a key or a secret`;
}
function misused(command, what) {
  return new Refusal(EXIT.usage, `${what}; see ${command.start} --help`);
}

// cli/src/surroundings.ts
import { homedir, hostname, uptime } from "node:os";
/** Gives a process's surroundings. SIGHUP, SIGINT and SIGTERM end it with 128 and their number from now on. */
function surroundingsOf(own, readKeychain, now = Date.now) {
  const cleanUps = [];
  for (const [signal, number] of [
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15]
  ]) {
    own.on(signal, () => {
      for (const cleanUp of cleanUps) cleanUp();
      own.exit(128 + number);
    });
  }
  const surroundings = {
    env: own.env,
    platform: own.platform,
    home: homedir,
    uid: own.geteuid?.(),
    get stdin() {
      return own.stdin;
    },
    get stdout() {
      return own.stdout;
    },
    now,
    uptime,
    hostname,
    own,
    say: (line) => {
      // A reader of standard error that has gone is nobody's fault.
      if (own.stderr.listenerCount("error") === 0) own.stderr.on("error", () => {
      });
      own.stderr.write(`interhuman-auth: ${printable(line)}
`);
    },
    prompt: (text) => {
      own.stderr.write(text);
    },
    keychain: readKeychain && (() => readKeychain(surroundings)),
    atSignal: (cleanUp) => cleanUps.push(cleanUp)
  };
  return surroundings;
}

// cli/src/run.ts
/**
 * Runs an entry to its end and leaves its exit code with the process, which ends by itself when everything is written.
 * A refusal is one line on standard error; so is a fault of our own, without its message, which could hold anything.
 */
async function run(own, entry, readKeychain) {
  const surroundings = surroundingsOf(own, readKeychain);
  const refuse2 = (fault) => {
    if (fault instanceof ReaderGone) return EXIT.ok;
    const refusal = fault instanceof Refusal ? fault : describeOwn(fault);
    surroundings.say(refusal.message);
    return refusal.exitCode;
  };
  // Until it is known otherwise: a process that ends before its command does must not look like a success.
  own.exitCode = EXIT.other;
  own.on("uncaughtException", (fault) => own.exit(refuse2(fault)));
  own.exitCode = await entry(own.argv.slice(2), surroundings).catch(refuse2);
}
/** Reads what was typed after a command's name, and runs the command or prints its help text. */
async function runCommand(argv, row, surroundings, load) {
  const options = parseOptions(argv, row);
  if (options.help) return print(formatHelp(row), surroundings);
  const command = await load();
  if (!options.json) return command(options, surroundings);
  return command(options, surroundings).catch(async (fault) => {
    if (fault instanceof Refusal) await printJson(formatRefusal(fault), surroundings);
    throw fault;
  });
}
/** The one object that `--json` gives of a refusal; a part that there is not is left out. */
function formatRefusal({ exitCode, message, details }) {
  const { status, errorId, correlationId } = details;
  return {
    ok: false,
    exit_code: exitCode,
    error: { message, status, error_id: errorId, correlation_id: correlationId }
  };
}
/** Writes one JSON object and a line end to standard output: what `--json` asks for. */
async function printJson(value, surroundings) {
  return print(`${JSON.stringify(value)}
`, surroundings);
}
/** Writes a text that was asked for to standard output. */
async function print(text, { stdout }) {
  await standardOutput(stdout).write(Buffer.from(text));
  return EXIT.ok;
}
function describeOwn(fault) {
  const name = fault instanceof Error ? fault.constructor.name : typeof fault;
  return new Refusal(EXIT.other, `a fault of this program's own (${name}); please report how it came about`);
}

// cli/src/command-row.ts
/** What the command `token` does, and the skill's script. */
var TOKEN_SUMMARY = "exchange the API key for an access token, and hand on the answer as it is";
/** What the exit codes mean. */
var EXIT_NOTE = "Exit codes: 0 status 200; 2 wrong usage; 3 no credential, or an unsafe file; 4 refused (4xx); 5 anything else, or a body cut short; 6 not reached in time; 7 not trusted (redirect, plain http, TLS, an address that is not the key's).";
/** What is on standard output. */
var OUTPUT_NOTE = "Standard output is the body of the answer, byte for byte, whatever its status (at most 64 MiB). All else is on standard error.";

// cli/src/option-table.ts
// Every option there is, a constant each, so that the skill's script carries only its own. None takes a key or a
// secret: what stands in a command line is seen by every process.
/** `--scope`. */
var scope = {
  name: "scope",
  value: "S",
  suggested: SCOPES,
  multiple: true,
  help: `a scope to ask for, ${SCOPES.join(" or ")}; may be repeated`
};
/** `--output`. */
var output = {
  name: "output",
  value: "F",
  file: true,
  help: "write the answer to this file (0600, whole or not at all), nothing to standard output"
};
/** `--check`. */
var check2 = {
  name: "check",
  help: "say where a credential was found, and make no exchange"
};
/** `--api-version`. */
var apiVersion = {
  name: "api-version",
  choices: API_VERSIONS,
  help: `the version of the exchange, ${API_VERSIONS[0]} if absent`
};
/** `--api-url`. */
var apiUrl = {
  name: "api-url",
  value: "U",
  help: `the address of the API, ${DEFAULT_API_URL} if absent; a key from a file goes only to the address stored with it`
};
/** `--timeout`. */
var timeout = {
  name: "timeout",
  value: "S",
  help: `seconds that the whole exchange may take, ${DEFAULT_TIMEOUT_MS / 1e3} if absent`
};
/** `--help`. */
var help = { name: "help", help: "print this text" };

// cli/src/skill-row.ts
var credentialNote = "The key comes from INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET, or else from the file that INTERHUMAN_CONFIG names, or else from interhuman/credentials.env in your configuration folder (NAME=value lines, mode 0600). This version does not read the system's keychain. No option takes a key or a secret.";
/** The skill's script: the command `token` behind another entry, in a file of its own so that it carries no other command. */
var SKILL = {
  start: "node scripts/interhuman-auth.mjs",
  summary: TOKEN_SUMMARY,
  options: [
    scope,
    output,
    check2,
    apiVersion,
    apiUrl,
    timeout,
    help
  ],
  required: ["scope"],
  notes: [OUTPUT_NOTE, credentialNote, EXIT_NOTE]
};

// cli/src/source-report.ts
/**
 * Says on standard output which sources hold a credential, which one counts and where its key goes, never a value.
 *
 * @throws {Refusal} when no credential can be used.
 */
async function checkSources(options, surroundings) {
  const print2 = linePrinter(surroundings);
  const sources = [...readSources(surroundings)];
  for (const source2 of sources) await print2(describeSource(source2));
  const { source, apiUrl: apiUrl2 } = resolveCredential(sources, surroundings, options.apiUrl);
  await print2(`used: ${source.role}`);
  await print2(`address: ${apiUrl2}`);
  return EXIT.ok;
}
/** Writes lines to standard output; a reader that has gone ends nothing, as the exit code is still to come. */
function linePrinter({ stdout }) {
  const { write } = standardOutput(stdout);
  return (line) => write(Buffer.from(`${printable(line)}
`)).catch((fault) => {
    if (!(fault instanceof ReaderGone)) throw fault;
  });
}
/** Says on one line what a source holds. */
function describeSource({ name, role, finding }) {
  const mode = finding.kind === "absent" || finding.mode === void 0 ? "" : ` (mode ${finding.mode})`;
  const isFile = role !== "environment" && role !== "keychain";
  const place = isFile ? `${role}: ${name}${mode} ` : `${role}: `;
  if (finding.kind === "found") return `${place}holds a credential`;
  if (finding.kind === "refused") return `${place}${finding.reason}`;
  if (finding.reason !== void 0) return `${place}cannot be asked: ${finding.reason}`;
  return isFile ? `${place}does not exist` : `${place}holds no credential`;
}

// cli/src/skill.ts
// The skill's script, an entry of its own: it is bundled into one file, which nothing checks the Node of beforehand.
run(process, async (argv, surroundings) => {
  const { node } = process.versions;
  if (Number(node.split(".")[0]) < 20)
    throw new Refusal(EXIT.usage, `Node ${node} is too old; use Node 20 or newer`);
  return runCommand(argv, SKILL, surroundings, async () => tokenOrCheck);
});
function tokenOrCheck(options, surroundings) {
  return (options.check ? checkSources : token)(options, surroundings);
}
