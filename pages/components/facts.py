"""Facts with their labels, as a description list, which screen readers announce in pairs."""

import html
from collections.abc import Iterable

import streamlit as st

# Label and value are on one line where there is room, and below each other in a narrow column or on a telephone.
_STYLE = """
.facts-place{container-type:inline-size}
.facts-place .facts{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.25rem 1rem;margin:0;padding:0;font-size:.95rem}
.facts dt{opacity:.75}.facts dd{margin:0;overflow-wrap:anywhere;font-weight:600}
@container(max-width:26rem){.facts-place .facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}}
"""


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Show (label, value) pairs. Labels and values are escaped: HTML in them is shown as text."""
    lines = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in facts)
    st.html(f"<style>{_STYLE}</style><div class='facts-place'><dl class='facts'>{lines}</dl></div>")
