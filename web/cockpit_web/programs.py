"""The doors for programs: the routers of the service API, the log and the authorization server."""

from __future__ import annotations

from fastapi import APIRouter

PROGRAMS: tuple[APIRouter, ...] = ()
