"""A page with a title, a field and a table of 25 rows, as each list has; and the same again as a fragment."""

import streamlit as st

ROWS = [{"Customer": f"Customer {n}", "Amount": f"{n},00 €", "Status": "open"} for n in range(25)]


@st.fragment
def _list() -> None:
    st.text_input("Search", key="search")
    st.dataframe(ROWS)


st.set_page_config(page_title="Bare", layout="wide")
st.title("Bare")
_list()
