"""The least Streamlit application, with this project's configuration: what the dashboard's start and reruns are compared with."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).with_name("page.py"))
