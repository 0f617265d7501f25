from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import msgspec
from libs.common.learning import learn_structs
from libs.common.messages import COMMANDS, EVENTS

class Late(msgspec.Struct):
    unknown: "NoSuchName"

looks = 0
def count(frame, event, _):
    global looks
    looks += event == "call" and frame.f_code.co_name == "get_class_annotations"

def looks_at_messages():
    global looks
    looks = 0
    sys.setprofile(count)
    for kind in (*COMMANDS.values(), *EVENTS.values()):
        try:
            msgspec.convert({}, kind)
        except msgspec.ValidationError:
            pass
    sys.setprofile(None)
    return looks

if sys.argv[1] == "learn":
    learn_structs()
print(looks_at_messages())
"""


def looks(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_no_message_is_looked_at_again_once_there_are_threads() -> None:
    assert looks("not yet") > 20
    assert looks("learn") == 0
