"""The doors for programs: the authorization server, the data API, the log and the audit API. They read no cookie."""

from __future__ import annotations

from fastapi import APIRouter

from cockpit_web import audit_api, log_api, oauth, service_api

PROGRAMS: tuple[APIRouter, ...] = (oauth.router, service_api.router, log_api.router, audit_api.router)
