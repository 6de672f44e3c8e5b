"""No service reaches a record but through the decision and the log: read in the code itself.

What is shown: (1) every route under /api/ is the data API's, and the only acts it may call are ``read_for_service`` and
``read_together``, of one module; (2) nothing else makes a reader from what a token opens, pages only from the key of
the person who visits; (3) in that module, the one place where such a reader is made comes after the decision and its
refusal, and what leaves comes after the entry of the log.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

import cockpit
import cockpit_web
from cockpit_web import service_api

CORE, WEB = Path(cockpit.__file__).parent, Path(cockpit_web.__file__).parent
ACT = CORE / "acts" / "read_for_service.py"


def modules(*roots: Path) -> Iterator[tuple[Path, ast.Module]]:
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.AST) -> set[str]:
    """Every name that a module imports, with the module it comes from."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{name.name}" for name in node.names}
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
    return names


def routes(tree: ast.AST) -> Iterator[str]:
    """The paths in the decorators of a module's functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and decorator.args and isinstance(decorator.args[0], ast.Constant):
                    yield str(decorator.args[0].value)


def called(tree: ast.AST) -> set[str]:
    """The last name of everything that is called."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return found


def test_every_route_of_the_data_api_is_in_one_module_and_calls_one_act() -> None:
    routed = {path.name for path, tree in modules(WEB) for route in routes(tree) if route.startswith("/api/")}
    assert routed == {"service_api.py"}
    assert all(isinstance(route, APIRoute) for route in service_api.router.routes)
    names = imported(ast.parse(Path(service_api.__file__).read_text("utf-8")))
    ours = {name for name in names if name.startswith("cockpit.")}
    acts = {name for name in ours if name.startswith("cockpit.acts.")}
    assert acts == {
        f"cockpit.acts.read_for_service.{name}"
        for name in (
            "MOST_TOGETHER", "AccessRefused", "InvalidToken", "Release", "Wanted", "read_for_service", "read_together",
        )
    }  # fmt: skip
    # Beside the act it sees words, and how to write them: nothing that holds a record.
    assert all(name.startswith(("cockpit.acts.", "cockpit.domain.", "cockpit.sealing.canonical.")) for name in ours)


def test_pages_read_with_the_key_of_the_person_who_visits_and_with_no_other() -> None:
    reached = {}
    for path, tree in modules(WEB):
        assert not {name.rpartition(".")[2] for name in imported(tree)} & {"Spaces", "GrantedKeyring", "opened_keyring"}
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "spaces"]
        if calls:
            reached[path.name] = len(calls)
    assert reached == {"visitor.py": 1}
    assert "cockpit.spaces.read(visit.keyring)" in (WEB / "visitor.py").read_text("utf-8")


def test_only_the_act_opens_what_a_token_carries_into_keys_of_records() -> None:
    makers = {path for path, tree in modules(CORE) if "GrantedKeyring" in called(tree)}
    assert makers == {CORE / "grants" / "keys.py"}
    openers = {path for path, tree in modules(CORE, WEB) if "opened_keyring" in called(tree)}
    assert openers == {ACT}
    importers = {path for path, tree in modules(CORE, WEB) if "cockpit.grants.keys.opened_keyring" in imported(tree)}
    assert importers == {ACT}
    # ``import cockpit.grants.keys`` and the like would go round the names above.
    whole = {path for path, tree in modules(CORE, WEB) if {"cockpit.grants.keys", "cockpit.grants"} & imported(tree)}
    assert whole == set()


def test_only_a_release_leaves_and_only_the_act_makes_one() -> None:
    assert {path for path, tree in modules(CORE, WEB) if "Release" in called(tree)} == {ACT}
    assert {path for path, tree in modules(CORE, WEB) if "Allowed" in called(tree)} == {CORE / "consent" / "engine.py"}


def functions() -> dict[str, ast.FunctionDef]:
    tree = ast.parse(ACT.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def first(steps: list[ast.stmt], name: str) -> int:
    """Which of these steps is the first that calls this."""
    return next(number for number, step in enumerate(steps) if name in called(step))


def test_a_record_is_read_after_the_decision_that_allows_it() -> None:
    known = functions()
    assert {name for name, node in known.items() if "reader" in called(node)} == {"_decide_read"}
    steps = known["_decide_read"].body
    decided, read = first(steps, "decide"), first(steps, "reader")
    (refused,) = [step for step in steps[decided:read] if isinstance(step, ast.If)]
    # A refusal leaves: nothing below runs without an ``Allowed``.
    assert ast.unparse(refused.test) == "isinstance(decision, Refused)"
    assert isinstance(refused.body[-1], ast.Return)
    assert ast.unparse(refused.body[-1]) == "return _Decided(wanted, decision, (), asked)"
    before = {name for step in steps[:read] for name in called(step)}
    assert not before & {"stream", "project", "read"}
    assert all(not isinstance(step, ast.Return | ast.Try) for step in steps[read:-1])


def test_the_act_decides_then_logs_then_releases() -> None:
    known = functions()
    steps = known["_decide_log_release"].body
    decided, logged, released = (first(steps, name) for name in ("_decide_read", "_log", "_released"))
    assert decided < logged < released == len(steps) - 1
    assert all(not isinstance(step, ast.Return | ast.Try) for step in steps[decided:released])
    assert {name for name, node in known.items() if "Release" in called(node)} == {"_released"}
    assert {name for name, node in known.items() if "_released" in called(node)} == {"_decide_log_release"}
    # What the log says is written in the same transaction: the function opens none of its own.
    assert {"append", "append_batch"} <= called(known["_log"])
    assert "write" not in called(known["_decide_log_release"]) | called(known["_log"])
    # Whatever leaves comes from that one function, once its transaction is kept.
    assert {name for name, node in known.items() if "_decide_log_release" in called(node)} == {"read_together"}


def test_every_read_of_a_service_counts_the_decision_it_was_given() -> None:
    text = ast.unparse(functions()["_decide_read"])
    # The window and the projection are the decision's, never the request's.
    assert "reader.stream(wanted.kind, decision.data_from, decision.data_until)" in text
    window = "decision.allowed, decision.data_from, decision.data_until, source, presented.pauses"
    assert f"project(records, {window})" in text
