"""The process of the auditor's house: ``cockpit audit`` becomes this one."""

from __future__ import annotations

from cockpit_web_audit.commands import main

if __name__ == "__main__":
    main(prog_name="cockpit audit")
