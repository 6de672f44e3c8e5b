"""The tables. Everything about a person is keyed by ``person_id`` first; nothing personal is in clear.

Tables without ``person_id`` first are directories that lead to a person (login, session, token) or are about no
person (service, par, log): they hold hashes, public facts, or values sealed under the operator's key.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

person = Table(
    "person",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("created_at", String(20), nullable=False),
    Column("sealed_profile", LargeBinary, nullable=False),
)

login = Table(
    "login",
    metadata,
    Column("handle_tag", String(64), primary_key=True),
    Column("person_id", String(32), nullable=False),
)

key_slot = Table(
    "key_slot",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("slot_id", String(32), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("memory_kib", Integer, nullable=False),
    Column("iterations", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("expires", String(20), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("sealed_about", LargeBinary, nullable=False),
)

collection = Table(
    "collection",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("collection", String(32), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("rotation_due", Integer, nullable=False),
    Column("head_seq", Integer, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("head_mac", LargeBinary, nullable=False),
)

collection_key = Table(
    "collection_key",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("collection", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("public", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("sealed_private", LargeBinary, nullable=False),
)

segment = Table(
    "segment",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("collection", String(32), primary_key=True),
    Column("stream", String(8), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)

manifest = Table(
    "manifest",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("collection", String(32), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)

index_snapshot = Table(
    "index_snapshot",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("counter", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("blob_id", String(32), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("object_id", String(32), nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("created_at", String(20), nullable=False),
)

seen_record = Table(
    "seen_record",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("source_id", String(64), primary_key=True),
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("entries", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("consent_id", String(32), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires", String(20), nullable=False),
    Column("used_at", String(20), nullable=False),
    Column("grant_public", LargeBinary, nullable=False),
    Column("sealed_clause", LargeBinary, nullable=False),
    Column("sealed_summary", LargeBinary, nullable=False),
    Column("sealed_rules", LargeBinary, nullable=False),
    Column("reads_day", String(10), nullable=False),
    Column("reads_count", Integer, nullable=False),
)

duty = Table(
    "duty",
    metadata,
    Column("duty_hash", String(64), primary_key=True),
    Column("service_tag", String(32), nullable=False, index=True),
    Column("record_sha256", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("person_id", String(32), nullable=False, index=True),
    Column("consent_id", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_at", String(20), nullable=False),
    Column("due", String(20), nullable=False),
    Column("step", String(8), nullable=False),
    Column("done_at", String(20), nullable=False),
)

grant_wrap = Table(
    "grant_wrap",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("consent_id", String(32), primary_key=True),
    Column("collection", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("envelope", LargeBinary, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("type", String(8), nullable=False),
    Column("person_id", String(32), nullable=False),
    Column("consent_id", String(32), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires", String(20), nullable=False),
    Column("sealed_binding", LargeBinary, nullable=False),
    Column("wrapped_grant_key", LargeBinary, nullable=False),
    Column("used", Integer, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("session_hash", String(64), primary_key=True),
    Column("person_id", String(32), nullable=False),
    Column("sealed_vault_key", LargeBinary, nullable=True),
    Column("opened_at", String(20), nullable=False),
    Column("seen_at", String(20), nullable=False),
    Column("way", String(16), nullable=False),
    Column("mandate", String(32), nullable=False),
    Column("capacity", String(16), nullable=False),
)

service = Table(
    "service",
    metadata,
    Column("service_id", String(64), primary_key=True),
    Column("declaration", LargeBinary, nullable=False),
)

par = Table(
    "par",
    metadata,
    Column("request_hash", String(64), primary_key=True),
    Column("service_id", String(64), nullable=False),
    Column("sealed_request", LargeBinary, nullable=False),
    Column("expires", String(20), nullable=False),
    Column("used", Integer, nullable=False),
)

joint_request = Table(
    "joint_request",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("person_id", String(32), nullable=False),
    Column("consent_id", String(32), nullable=False),
    Column("sealed_request", LargeBinary, nullable=False),
    Column("expires", String(20), nullable=False),
    Column("answer", String(16), nullable=False),
)

seen_assertion = Table(
    "seen_assertion",
    metadata,
    Column("assertion_hash", String(64), primary_key=True),
    Column("expires", String(20), nullable=False),
)

log_walk = Table(
    "log_walk",
    metadata,
    Column("person_id", String(32), primary_key=True),
    Column("entries", Integer, nullable=False),
)

auditor_mandate = Table(
    "auditor_mandate",
    metadata,
    Column("mandate_id", String(32), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

audit_case = Table(
    "audit_case",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("person_id", String(32), nullable=False),
    Column("consent_id", String(32), nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("asked_by", String(32), nullable=False),
    Column("agreed_by", String(32), nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("opened_at", String(20), nullable=False),
    Column("expires", String(20), nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("log", String(32), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("checkpoint", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
)

policy_set = Table(
    "policy_set",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

log_cosigned = Table(
    "log_cosigned",
    metadata,
    Column("log", String(32), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("sizes", LargeBinary, nullable=False),
)

log_tile = Table(
    "log_tile",
    metadata,
    Column("log", String(32), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

log_leaf = Table(
    "log_leaf",
    metadata,
    Column("log", String(32), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("sealed_audit", LargeBinary, nullable=False),
)

log_batch = Table(
    "log_batch",
    metadata,
    Column("log", String(32), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("records", LargeBinary, nullable=False),
)
