"""Every reason that the join can give has its sentence, and no sentence is left over."""

import ast
import inspect

from services.reconciliation.matching import match, suggestions
from services.reconciliation.views import reasons


def strings(module: object) -> set[str]:
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_reason_is_given_somewhere() -> None:
    # near_reference and near_order are put together from the field's name
    given = strings(match) | strings(suggestions) | {"near_reference", "near_order"}
    assert set(reasons.REASONS) <= given


def test_outcomes_and_keys_have_their_words() -> None:
    assert set(reasons.OUTCOMES) == set(match.OUTCOMES)
    assert set(reasons.KEY_NAMES) == set(match.KEYS)
