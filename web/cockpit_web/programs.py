"""The doors for programs: the authorization server, the data API and the log. They read no cookie."""

from __future__ import annotations

from fastapi import APIRouter

from cockpit_web import log_api, oauth, service_api

PROGRAMS: tuple[APIRouter, ...] = (oauth.router, service_api.router, log_api.router)
