"""Waiting for an event instead of sleeping for a guess."""

import time


def wait_until(condition, timeout, what, every=0.05):
    """Returns the first true result of `condition`; TimeoutError names `what` was waited for.

    An exception of the condition counts as "not yet" and is shown if the time runs out.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            result = condition()
            if result:
                return result
            last = None
        except (OSError, ValueError, LookupError) as error:  # requests' errors are OSErrors
            last = error
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout} s" + (f" (last: {last})" if last else ""))
        time.sleep(every)
