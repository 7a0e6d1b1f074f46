"""Runs all due work at once in this thread, for samples and tests."""

import os

from services.bulk import sending
from services.desk import Desk
from services.imports import background
from services.orders import notifications
from services.orders.steps import runner


def drain(desk: Desk, most: int = 10_000) -> int:
    """Run what is due now, at most ``most`` steps. Returns how many were run."""
    done = 0
    while done < most:
        notifications.work_off(desk)
        busy = sending.work(desk)
        if not runner.run_next(desk, f"drain:{os.getpid()}") and not busy and not background.work_off(desk):
            return done
        done += 1
    return done
