"""A child process with a log file, ended by its id."""

import ctypes
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    # Whatever happens to the test run, no server of it stays behind.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """Started at construction, in a session of its own: Ctrl-C reaches only the parent."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log = log
        self._log_file = open(log, "ab")
        self._child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.pid = self._child.pid

    def running(self):
        return self._child.poll() is None

    def terminate(self):
        """Sends SIGTERM, without waiting."""
        self._child.send_signal(signal.SIGTERM)

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, timeout):
        """The exit status: 0, or minus the signal that ended it."""
        status = self._child.wait(timeout)
        self._log_file.close()
        return status

    def stop(self, timeout=60):
        """SIGTERM, and SIGKILL if that does not help in time. Returns the exit status."""
        self.terminate()
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        """SIGKILL: what a crash looks like from outside."""
        self._child.kill()
        return self.wait(10)

    def log_tail(self, lines=25):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
