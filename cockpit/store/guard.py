"""The first wall: a statement on a person's table names its person, and only the transaction's person.

It looks at SQLAlchemy's statement, never at SQL text, once for each compiled statement; what is left on the hot path
is the comparison of one value. So a forgotten ``person_id`` fails in the first test that meets it, on every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BindParameter,
    BooleanClauseList,
    Column,
    Delete,
    Engine,
    FromClause,
    Insert,
    Join,
    Select,
    Table,
    TextClause,
    Update,
    event,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement, ColumnElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromGrouping, ReturnsRows

from cockpit.domain.errors import WeMustFix
from cockpit.store.directories import DIRECTORIES
from cockpit.store.walls import EVERYONE, PERSON_OPTION

PERSON = "person_id"


def guard(engine: Engine) -> None:
    """Refuse, on every connection of ``engine``, statements that reach beyond the transaction's person.

    They raise ``WeMustFix`` before they are sent. A transaction that names ``EVERYONE`` is let through.
    """
    known: WeakKeyDictionary[SQLCompiler, tuple[str, ...]] = WeakKeyDictionary()

    def check(_cursor: object, _text: str, _parameters: object, context: Any) -> None:
        compiled = context.compiled
        if not isinstance(compiled, SQLCompiler):
            return
        person = context.execution_options.get(PERSON_OPTION)
        if person == EVERYONE:
            return
        names = known.get(compiled)
        if names is None:
            names = known[compiled] = person_parameters(compiled)
        if not names:
            return
        if person is None:
            raise WeMustFix("a statement about a person, in a transaction that names nobody", code="person")
        for row in context.compiled_parameters:
            for name in names:
                if row[name] != person:
                    raise WeMustFix("a statement about another person than its transaction's", code="person")

    def check_without_parameters(cursor: object, text: str, context: Any) -> None:
        check(cursor, text, None, context)

    # The dialect's last step before the driver: the engine's own events would cost each statement twice as much.
    event.listen(engine, "do_execute", check)
    event.listen(engine, "do_executemany", check)
    event.listen(engine, "do_execute_no_params", check_without_parameters)


def person_parameters(compiled: SQLCompiler) -> tuple[str, ...]:
    """The names of the parameters that must hold the person's id; none for a statement on directories alone.

    Raises ``WeMustFix`` when a person's table is read or changed without being held to one person.
    """
    statement = compiled.statement
    if isinstance(statement, TextClause):
        raise WeMustFix("a statement written as text cannot be looked into; write it with the tables", code="person")
    found: set[str] = set()
    for part in visitors.iterate(statement) if statement is not None else ():
        if isinstance(part, Insert) and _personal(part.table):
            found |= _inserted(compiled)
        elif isinstance(part, Select):
            found |= _held(compiled, *_select_parts(part))
        elif isinstance(part, Update | Delete):
            found |= _held(compiled, {part.table, *_tables_in(part.whereclause)}, _conjuncts(part.whereclause))
            if _personal(part.table):
                # A row that is given to somebody: SET names its parameter after the column.
                found |= {PERSON} & set(compiled.bind_names.values())
    return tuple(sorted(found))


def _personal(source: object) -> bool:
    return isinstance(source, Table) and source.name not in DIRECTORIES and PERSON in source.c


def _inserted(compiled: SQLCompiler) -> set[str]:
    names = {name for name in compiled.bind_names.values() if name == PERSON or name.startswith(f"{PERSON}_m")}
    if not names:
        raise WeMustFix("an insertion that does not say for whom", code="person")
    return names


def _held(compiled: SQLCompiler, sources: Iterable[FromClause], conditions: Iterable[ColumnElement[Any]]) -> set[str]:
    """The parameters that hold every person's table among ``sources`` to one person."""
    fixed: dict[FromClause, str] = {}
    for condition in conditions:
        if isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
            sides = (condition.left, condition.right)
            for column, value in (sides, sides[::-1]):
                named = isinstance(column, Column) and column.name == PERSON
                if named and isinstance(value, BindParameter) and value in compiled.bind_names:
                    fixed[column.table] = compiled.bind_names[value]
    personal = [source for source in sources if _personal(_original(source))]
    if not all(source in fixed for source in personal):
        raise WeMustFix("a statement on a person's table that is not held to one person", code="person")
    return {fixed[source] for source in personal}


def _select_parts(select: Select[Any]) -> tuple[list[FromClause], list[ColumnElement[Any]]]:
    conditions = list(_conjuncts(select.whereclause))
    sources: list[FromClause] = []
    waiting = list(select.get_final_froms())
    while waiting:
        source = waiting.pop()
        if isinstance(source, Join):
            waiting += [source.left, source.right]
            if not (source.isouter or source.full):
                conditions += _conjuncts(source.onclause)
        elif isinstance(source, FromGrouping):
            waiting.append(source.element)
        else:
            sources.append(source)
    return sources, conditions


def _conjuncts(clause: ColumnElement[Any] | None) -> Iterator[ColumnElement[Any]]:
    """What must hold together: an OR is one condition, and holds nothing to a person."""
    if isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for part in clause.clauses:
            yield from _conjuncts(part)
    elif clause is not None:
        yield clause


def _tables_in(clause: ClauseElement | None) -> set[FromClause]:
    if clause is None:
        return set()
    return {part.table for part in visitors.iterate(clause) if isinstance(part, Column) and part.table is not None}


def _original(source: ReturnsRows) -> ReturnsRows:
    while isinstance(source, AliasedReturnsRows):
        source = source.element
    return source
