// Asks @sigstore/verify about what a log shows: its signed checkpoint, and an entry's inclusion under it.
// Standard input: a JSON list of {vkey, note, leaf, index, inclusion}. Standard output: for each, what it refuses.
// Sigstore knows no consistency proofs: what it can say of an old checkpoint is whether the entry is still under the new.
"use strict";

const crypto = require("node:crypto");
const { VerificationError } = require("@sigstore/verify");
const { LogCheckpoint, verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

const SPKI_OF_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

/** The trusted log that a verifier key says: Sigstore's form of a key's name, hash and public key. */
function trustedLog(vkey) {
  const [name, hash, ...rest] = vkey.split("+");
  const key = Buffer.from(rest.join("+"), "base64").subarray(1);
  return {
    baseURL: name,
    logID: Buffer.from(hash, "hex"),
    publicKey: crypto.createPublicKey({ key: Buffer.concat([SPKI_OF_ED25519, key]), format: "der", type: "spki" }),
  };
}

function acceptedCheckpoint(shown, entry) {
  const log = trustedLog(shown.vkey);
  const checkpoint = attempt(() => verifyCheckpoint(entry, [log]));
  // The origin is the caller's to compare.
  return checkpoint === null || checkpoint.origin !== log.baseURL ? null : checkpoint;
}

/** What `check` gives; null when Sigstore refuses. Any other error is a fault of this file. */
function attempt(check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof VerificationError) return null;
    throw error;
  }
}

function refused(shown) {
  const entry = {
    canonicalizedBody: Buffer.from(shown.leaf, "base64"),
    inclusionProof: {
      logIndex: String(shown.index),
      hashes: shown.inclusion.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: shown.note },
    },
  };
  const checkpoint = acceptedCheckpoint(shown, entry);
  if (!(checkpoint instanceof LogCheckpoint)) return ["note"];
  const included = attempt(() => verifyMerkleInclusion(entry, checkpoint) ?? true);
  return included ? [] : ["inclusion"];
}

const input = require("node:fs").readFileSync(0, "utf8");
process.stdout.write(JSON.stringify(JSON.parse(input).map(refused)));
