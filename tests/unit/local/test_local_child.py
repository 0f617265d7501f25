from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from libs.common.errors import TransientFailure
from libs.local.child import Child, tail
from libs.local.processes import alive
from libs.local.program import Program
from libs.local.waiting import wait_until

KEEPER = """
import sys, time
from pathlib import Path
from libs.local.child import Child
from libs.local.program import Program
child = Child(Program(name="sleeper", command=("sleep", "600"), environment={}, directory=Path("."), inherits=True),
              Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def child(folder: Path, code: str) -> Child:
    command = (sys.executable, "-c", code)
    program = Program(name="clerk", command=command, environment={}, directory=folder, inherits=True, stop_seconds=1)
    return Child(program, folder / "clerk.log")


def test_what_a_program_says_before_it_ends_is_in_the_failure(tmp_path):
    clerk = child(tmp_path, "print('no more ink')")
    clerk.start()
    with pytest.raises(TransientFailure, match=r"(?s)clerk ended by itself.*no more ink"):
        clerk.wait_until(lambda: False, 20)


def test_a_program_that_is_not_ready_in_time_is_named(tmp_path):
    clerk = child(tmp_path, "import time; time.sleep(600)")
    clerk.start()
    with pytest.raises(TransientFailure, match="clerk is not ready"):
        clerk.wait_until(lambda: False, 0.1)
    clerk.kill()


def test_a_program_that_does_not_listen_to_reason_is_ended_by_force(tmp_path):
    clerk = child(
        tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    clerk.start()
    clerk.wait_until(lambda: "deaf" in tail(clerk.log), 20)
    clerk.stop()
    assert not clerk.running()


def test_stopping_twice_is_normal(tmp_path):
    clerk = child(tmp_path, "import time; time.sleep(600)")
    clerk.stop()
    clerk.start()
    clerk.stop()
    clerk.stop()
    clerk.kill()


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv ties a child to its parent")
def test_a_child_ends_with_a_parent_that_was_killed(tmp_path):
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, tmp_path / "log"], stdout=subprocess.PIPE, text=True)
    assert keeper.stdout
    pid = int(keeper.stdout.readline())
    assert alive(pid)
    keeper.kill()
    keeper.communicate()
    wait_until(lambda: not alive(pid), 20, lambda: f"{pid} outlived its parent")


def test_the_tail_of_a_log_begins_with_a_whole_line(tmp_path):
    log = tmp_path / "log"
    log.write_text("first line\nsecond line\nthird\n")
    assert tail(log, 10) == "third\n"
    assert tail(log, 1000) == "first line\nsecond line\nthird\n"


def test_the_tail_of_one_very_long_line_is_its_end(tmp_path):
    log = tmp_path / "log"
    log.write_text("x" * 100)
    assert tail(log, 10) == "x" * 10


def test_a_log_that_does_not_exist_has_an_empty_tail(tmp_path):
    assert tail(tmp_path / "log") == ""
