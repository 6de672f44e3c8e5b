/*
 * Opens an envelope in a browser: a second implementation of docs/reference/envelope-format.md, written from that page
 * and RFC 9180 alone, with WebCrypto and nothing else. It shares no line with the cockpit, so that both agreeing on
 * tests/vectors/envelopes-v1.json says that the page is enough.
 */

const HEADER_SIZE = 38;
const ZEROS_OF_A_HASH = new Uint8Array(32);
const CONTENT_LIMIT = 256n * 1024n * 1024n;
const WRAPPED_SIZES = new Map([[0, 60], [1, 80]]);

/** What is wrong with an envelope. `stage` names the check that refused it. */
export class Refusal extends Error {
  constructor(stage, detail) {
    super(`${stage}: ${detail}`);
    this.name = "Refusal";
    this.stage = stage;
  }
}

function demand(condition, stage, detail) {
  if (!condition) throw new Refusal(stage, detail);
}

// Bytes

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function same(left, right) {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

function fromHex(text) {
  demand(/^([0-9a-f]{2})*$/.test(text), "vector", "not lower-case hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function fromAscii(text) {
  demand(/^[\x01-\x7f]*$/.test(text), "vector", "not ASCII, or a zero byte within");
  return new TextEncoder().encode(text);
}

/** A number as `size` big-endian bytes. */
function fromNumber(number, size) {
  demand(typeof number === "bigint" || Number.isSafeInteger(number), "vector", "a number that is not exact");
  const value = BigInt(number);
  demand(value >= 0n && value < 1n << BigInt(8 * size), "vector", `a number that does not fit in ${size} bytes`);
  return Uint8Array.from({ length: size }, (_, at) => Number((value >> BigInt(8 * (size - 1 - at))) & 0xffn));
}

// Primitives

async function hkdf(secret, salt, info, size) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 8 * size));
}

async function openAesGcm(key, nonce, sealed, additionalData, stage) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData, tagLength: 128 };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, imported, sealed));
  } catch (error) {
    if (error.name !== "OperationError") throw error;
    throw new Refusal(stage, "the tag does not match");
  }
}

function derive(secret, label) {
  return hkdf(secret, new Uint8Array(), fromAscii(`mesinfos-cockpit ${label}`), 32);
}

// HPKE, base mode: RFC 9180 with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM

const HPKE_VERSION = fromAscii("HPKE-v1");
const KEM_SUITE = join(fromAscii("KEM"), fromNumber(0x0020, 2));
const HPKE_SUITE = join(fromAscii("HPKE"), fromNumber(0x0020, 2), fromNumber(0x0001, 2), fromNumber(0x0002, 2));
const BASE_MODE = Uint8Array.of(0);
const NOTHING = new Uint8Array();
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));
// RFC 8410: what stands before the 32 bytes of an X25519 private key in PKCS #8.
const PKCS8_PREFIX = fromHex("302e020100300506032b656e04220420");

function labelledKeyMaterial(suite, label, material) {
  return join(HPKE_VERSION, suite, fromAscii(label), material);
}

/** LabeledExtract with an empty salt, its result wanted for itself (HMAC pads the empty key with zeros). */
async function labelledExtract(suite, label, material) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", ZEROS_OF_A_HASH, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, labelledKeyMaterial(suite, label, material)));
}

/** LabeledExtract, then LabeledExpand of what it gave: one HKDF over labelled key material and labelled info. */
function labelledExtractAndExpand(suite, salt, extract, material, expand, info, size) {
  const labelledInfo = join(fromNumber(size, 2), HPKE_VERSION, suite, fromAscii(expand), info);
  return hkdf(labelledKeyMaterial(suite, extract, material), salt, labelledInfo, size);
}

async function x25519(privateKey, publicBytes) {
  const publicKey = await crypto.subtle.importKey("raw", publicBytes, "X25519", false, []);
  try {
    const shared = await crypto.subtle.deriveBits({ name: "X25519", public: publicKey }, privateKey, 256);
    return new Uint8Array(shared);
  } catch (error) {
    if (error.name !== "OperationError") throw error;
    throw new Refusal("wrapped DEK", "a public key of small order");
  }
}

async function openHpke(privateBytes, enc, sealed, info, stage) {
  const privateKey = await crypto.subtle.importKey(
    "pkcs8", join(PKCS8_PREFIX, privateBytes), "X25519", false, ["deriveBits"],
  );
  // Section 4.1, Decap
  const dh = await x25519(privateKey, enc);
  demand(!same(dh, ZEROS_OF_A_HASH), stage, "a public key of small order");
  const kemContext = join(enc, await x25519(privateKey, BASE_POINT));
  const shared = await labelledExtractAndExpand(KEM_SUITE, NOTHING, "eae_prk", dh, "shared_secret", kemContext, 32);
  // Section 5.1, KeySchedule; psk and psk_id are empty in base mode
  const context = join(
    BASE_MODE,
    await labelledExtract(HPKE_SUITE, "psk_id_hash", NOTHING),
    await labelledExtract(HPKE_SUITE, "info_hash", info),
  );
  const key = await labelledExtractAndExpand(HPKE_SUITE, shared, "secret", NOTHING, "key", context, 32);
  const nonce = await labelledExtractAndExpand(HPKE_SUITE, shared, "secret", NOTHING, "base_nonce", context, 12);
  // Section 5.2: the nonce of message 0 is the base nonce
  return openAesGcm(key, nonce, sealed, NOTHING, stage);
}

// The envelope

/** The header the asker expects, field by field in the order of the bytes. */
function expectedFields(vector) {
  return [
    ["magic", fromAscii("MS")],
    ["version", fromNumber(1, 1)],
    ["suite", fromNumber(vector.suite, 1)],
    ["kind", fromNumber(vector.kind, 1)],
    ["flags", fromNumber(0, 1)],
    ["epoch", fromNumber(vector.epoch, 4)],
    ["seq", fromNumber(vector.seq, 8)],
    ["previous", fromHex(vector.previous)],
    ["count", fromNumber(vector.count, 4)],
  ];
}

function checkHeader(header, vector) {
  let at = 0;
  for (const [name, expected] of expectedFields(vector)) {
    const found = header.subarray(at, at + expected.length);
    demand(same(found, expected), name, "not the one expected");
    at += expected.length;
  }
  demand(at === HEADER_SIZE, "vector", "an expected field of another size");
  demand(vector.kind >= 1 && vector.kind <= 7, "kind", "unknown");
}

function padmeSize(length) {
  if (length < 2) return length;
  const exponent = 31 - Math.clz32(length);
  const kept = 31 - Math.clz32(exponent) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(length / step) * step;
}

/** RFC 8878, section 3.1.1.1: the content size that a frame says. */
function contentSize(frame) {
  const stage = "content size";
  demand(frame.length >= 5 && same(frame.subarray(0, 4), fromHex("28b52ffd")), stage, "not a Zstandard frame");
  const descriptor = frame[4];
  demand((descriptor & 0x08) === 0, stage, "a reserved bit is set");
  const singleSegment = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const size = flag === 0 ? Number(singleSegment) : 2 ** flag;
  demand(size > 0, stage, "the frame does not say it");
  const at = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 0x03];
  demand(frame.length >= at + size, stage, "the frame is cut short");
  const said = frame.subarray(at, at + size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return flag === 1 ? said + 256n : said;
}

/** Opens `vector.envelope` for the person, the stream and the header that the other fields say, with `vector.key`. */
export async function openEnvelope(vector) {
  const envelope = fromHex(vector.envelope);
  const key = fromHex(vector.key);
  demand(key.length === 32, "vector", "a key that is not 32 bytes");
  demand(envelope.length >= HEADER_SIZE, "length", "shorter than a header");
  const header = envelope.subarray(0, HEADER_SIZE);
  checkHeader(header, vector);
  demand(WRAPPED_SIZES.has(vector.suite), "suite", "unknown");

  const wrappedEnd = HEADER_SIZE + WRAPPED_SIZES.get(vector.suite);
  demand(envelope.length >= wrappedEnd + 16 + 12 + 16, "length", "shorter than its parts");
  const wrapped = envelope.subarray(HEADER_SIZE, wrappedEnd);
  const commitment = envelope.subarray(wrappedEnd, wrappedEnd + 16);
  const nonce = envelope.subarray(wrappedEnd + 16, wrappedEnd + 28);
  const sealed = envelope.subarray(wrappedEnd + 28);
  const zero = Uint8Array.of(0);
  const bound = join(fromAscii(vector.person), zero, fromAscii(vector.stream), zero, header);

  const dek =
    vector.suite === 0
      ? await openAesGcm(key, wrapped.subarray(0, 12), wrapped.subarray(12), bound, "wrapped DEK")
      : await openHpke(key, wrapped.subarray(0, 32), wrapped.subarray(32), bound, "wrapped DEK");
  const committed = (await derive(dek, "envelope commitment")).subarray(0, 16);
  demand(same(committed, commitment), "commitment", "made for another key");
  const plaintext = await openAesGcm(await derive(dek, "envelope body"), nonce, sealed, bound, "body");

  demand(plaintext.length >= 4, "plaintext", "shorter than its length");
  const size = new DataView(plaintext.buffer).getUint32(0);
  demand(4 + size <= plaintext.length, "plaintext", "shorter than it says");
  demand(plaintext.length === padmeSize(4 + size), "plaintext", "not of the Padmé size");
  const frame = plaintext.subarray(4, 4 + size);
  const padding = plaintext.subarray(4 + size);
  demand(padding.every((byte) => byte === 0), "padding", "not zeros");
  demand(contentSize(frame) <= CONTENT_LIMIT, "content size", "above 256 MiB");
  return { frame, padding };
}
