"""Every action that a service writes into the audit trail has words on its screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What an action is that is no constant where it is written; a new one is added here.
MADE = {
    "accounts/configuration.py f'account.{section}'": (
        "account.redirect_pages", "account.email", "account.payment_page",
    ),
    "access/users.py action": ("role.granted", "role.revoked"),
    "bulk/sending.py f'batch_{state}'": ("batch_paused", "batch_running", "batch_cancelled"),
    "orders/links.py f'link_{_EVENTS[action]}'": ("link_resent", "link_readdressed", "link_reminded"),
    "orders/maintenance_operations.py f'{wanted.kind}_asked'": ("capture_asked", "refund_asked", "cancel_asked"),
    "orders/templates.py action": ("template_renamed", "template_deleted"),
    "reconciliation/decisions/decide.py f'line.{kind}'": (
        "line.match", "line.split", "line.unmatch", "line.exclude", "line.twice", "line.not_ours",
    ),
    "imports/corrections/held_corrections.py f'correction.{kind}'": ("correction.taken", "correction.dismissed"),
    "exports/__init__.py kind.action": (
        "history_exported", "lines_exported", "orders_exported", "payouts_exported",
    ),
}  # fmt: skip


def written(path: Path) -> Iterator[str]:
    """The actions that a module writes."""
    module = path.relative_to(ROOT / "services").as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
            said = node.args[2]
            for one in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                if isinstance(one, ast.Constant):
                    yield str(one.value)
                else:
                    yield from MADE[f"{module} {ast.unparse(one)}"]


def test_every_action_has_words() -> None:
    tree = ast.parse((ROOT / "pages/admin/audit.py").read_text("utf-8"))
    [words] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ACTIONS"
    ]
    found = {action for path in (ROOT / "services").rglob("*.py") for action in written(path)}
    assert len(found) > 50
    assert found - words.keys() == set()
    assert words.keys() - found == set()
