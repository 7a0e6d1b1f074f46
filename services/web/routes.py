"""Who may reach which address of the dashboard's port: Streamlit's routes, and ours.

Streamlit guards none of its routes. What is not named here lies behind ``/``, Streamlit's page and its scripts, which have
no data of ours; below ``/_stcore/`` it is refused, so that a route of a newer Streamlit is refused until it is named here.
"""

from enum import StrEnum


class Reach(StrEnum):
    EVERYBODY = "everybody"  # whoever reaches the port under one of its names: it says only whether we live
    VISITORS = (
        "visitors"  # whoever may see the sign-in; without a provider, whoever opened the link of the start
    )
    OWNERS = "owners"  # a person with a live session and a role, of files that a screen of the same session was given
    UPLOADERS = "uploaders"  # the same, into a screen of the same session, with a right that takes files
    MACHINE = "machine"  # this machine, not through a proxy
    NOBODY = "nobody"


# In the order in which they are tried; one that ends in a slash stands for all below it.
ROUTES: tuple[tuple[str, Reach], ...] = (
    ("/healthz", Reach.EVERYBODY),
    ("/readyz", Reach.EVERYBODY),
    ("/_stcore/health", Reach.EVERYBODY),
    ("/_stcore/metrics", Reach.MACHINE),
    ("/_stcore/upload_file/", Reach.UPLOADERS),
    ("/media/", Reach.OWNERS),  # exports and pictures of the screens
    ("/_stcore/stream", Reach.VISITORS),  # the screens themselves: the router asks who it is at each run
    ("/_stcore/host-config", Reach.VISITORS),
    ("/_stcore/bidi-components/", Reach.VISITORS),
    ("/_stcore/", Reach.NOBODY),
    ("/component/", Reach.VISITORS),
    ("/auth/login", Reach.VISITORS),
    ("/auth/logout", Reach.VISITORS),
    ("/oauth2callback", Reach.VISITORS),
    ("/phone-return/", Reach.VISITORS),  # leads on to a screen, which asks who it is
    ("/", Reach.VISITORS),
)


def reach(path: str) -> Reach:
    """Who may reach this path (decoded, without the prefix that the server was told to answer under)."""
    for route, who in ROUTES:
        if path == route or (route.endswith("/") and path.startswith(route)):
            return who
    return Reach.NOBODY
