"""Runs a program on a terminal of its own and does what it is told there; the last line printed is what came of it.

    terminal.py '[["expect", "READY"], ["type", "\\u0003"], …]' program argument…

expect TEXT: waits until the terminal shows it, after what was expected before
type TEXT: types it
interrupt: sends an interrupt to the program's own process alone, as `kill -INT` does
pause SECONDS: waits; of two signals of one kind that come before a process gets to run, the system makes one
"""

import json, os, pty, select, signal, sys, time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

shown, seen, ends = b"", 0, time.monotonic() + 15


def read(wait):
    global shown
    if not select.select([terminal], [], [], wait)[0]:
        return True
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        chunk = b""
    shown += chunk
    return chunk != b""


fault = None
for word, *text in steps:
    if word == "type":
        os.write(terminal, text[0].encode())
    elif word == "interrupt":
        os.kill(pid, signal.SIGINT)
    elif word == "pause":
        time.sleep(text[0])
    else:
        while (at := shown.find(text[0].encode(), seen)) < 0 and time.monotonic() < ends:
            if not read(0.1):
                ends = 0
        if at < 0:
            fault = "not shown: " + text[0]
            break
        seen = at + len(text[0].encode())
while fault is None and time.monotonic() < ends and read(0.1):
    pass
if fault is not None or time.monotonic() >= ends:
    os.kill(pid, signal.SIGKILL)
status = os.waitpid(pid, 0)[1]
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
print(json.dumps({"shown": shown.decode("utf8", "replace"), "code": code, "fault": fault}))
