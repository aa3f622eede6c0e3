"""The changes that ``make mutants`` makes to a module: cosmic-ray's, but for those that change nothing."""

from __future__ import annotations

import ast
import difflib
import re
from contextlib import suppress


def changes_of(code: str, exclude: re.Pattern[str]) -> dict[str, str]:
    """Return the changed code of each change, by a name that says it: ``line: before -> after``.

    Operators whose names ``exclude`` matches are left out, and so are changes that leave the tree as it was (see
    ``_behaviour``) and those that leave no Python.
    """
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code

    tree, behaviour, found = get_ast(code), _behaviour(code), {}
    for name in plugins.operator_names():
        if exclude.match(name) or plugins.get_operator(name).arguments():
            continue
        operator = plugins.get_operator(name)()
        places = [at for node in ast_nodes(tree) for at in operator.mutation_positions(node)]
        for number in range(len(places)):
            with suppress(SyntaxError, AttributeError):  # cosmic-ray trips over ``except re.error``
                changed = mutate_code(code, operator, number)
                if changed is not None and _behaviour(changed) != behaviour:
                    found[_describe(code, changed)] = changed
    return found


def line_of(change: str) -> int:
    """Return the line that a change begins in."""
    return int(change.split(":")[0])


def _describe(code: str, changed: str) -> str:
    """Return ``line: before -> after`` with the lines that differ."""
    before, after = code.splitlines(), changed.splitlines()
    parts = [
        part
        for part in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if part[0] != "equal"
    ]
    old = " ".join(" ".join(before[a:b]) for _, a, b, _, _ in parts)
    new = " ".join(" ".join(after[c:d]) for _, _, _, c, d in parts)
    return f"{parts[0][1] + 1}: {' '.join(old.split())} -> {' '.join(new.split())}"


def _behaviour(code: str) -> str:
    """Return the tree without what no caller can see: annotations, docstrings, ``__all__``, the texts of logs, the
    options of ``@dataclass`` and caches, whether a parameter goes by position or name, and ``strict`` of ``zip``.
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if hasattr(node, name):
                setattr(node, name, None)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("zip", "lru_cache"):
            node.keywords = []  # ``strict`` asserts and does nothing, and the size of a cache is speed
        if isinstance(node, ast.arguments):  # by position or by name
            node.args, node.kwonlyargs = [*node.posonlyargs, *node.args, *node.kwonlyargs], []
            node.defaults, node.kw_defaults = [*node.defaults, *filter(None, node.kw_defaults)], []
            node.posonlyargs = []
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for one in node.decorator_list:
                if isinstance(one, ast.Call) and ast.unparse(one.func) in ("dataclass", "lru_cache"):
                    one.args, one.keywords = [], []
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [each for each in body if not _is_only_words(each)]
    return ast.dump(tree)


def _is_only_words(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        called = node.value
        if isinstance(called, ast.Call):  # the text of a log is no behaviour
            return (
                re.match(r"_?(log|logger|LOG)\.(debug|info|warning)$", ast.unparse(called.func)) is not None
            )
        return isinstance(called, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test).removeprefix("not ") == "TYPE_CHECKING"
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def statements(code: str) -> dict[int, set[int]]:
    """Return, for each line, the lines of the smallest statement it belongs to, without the statements inside."""
    found: dict[int, set[int]] = {number: {number} for number in range(1, code.count("\n") + 2)}
    for node in ast.walk(ast.parse(code)):  # from the outside in
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            first = getattr(node, "lineno", None) or node.pattern.lineno  # type: ignore[union-attr]
            inner = [each.lineno for each in getattr(node, "body", ()) if isinstance(each, ast.stmt)]
            last = max(first, min(inner) - 1) if inner else node.end_lineno  # type: ignore[union-attr]
            lines = set(range(first, last + 1))
            found |= dict.fromkeys(lines, lines)
    return found
