"""``python -m services.worker``: a worker process of its own (``services.entrypoints.worker``)."""

from services.entrypoints.worker import main

if __name__ == "__main__":
    main()
