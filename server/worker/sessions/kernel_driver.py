"""Runs one Jupyter kernel inside a sandbox and speaks JSON lines with the worker outside.

Requests on standard input: ``{"op": "execute", "id": n, "code": text}`` and ``{"op": "interrupt"}``; its end ends the
kernel. Events on standard output: ``ready``, ``text`` (stream, result or traceback), ``done`` and ``died``. Standard
error is the kernel's own: what it says when it crashes. One driver lives exactly as long as its kernel.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_DEADLINE_S = 60.0
# An interrupt outside of the code of a cell ends the request without a reply: how long one may take after the rest.
REPLY_GRACE_S = 0.2
PIECE = 32_000
# The kernel gathers each of its two output streams for a while: send what the one has before the other goes on. IPython
# puts its own `write` on the streams while code runs, so this holds on to the step after it.
KEEP_ORDER = """
def _keep_order():
    import sys
    kind, last = type(sys.stdout), [sys.stdout]
    schedule = getattr(kind, '_schedule_flush', None)
    def schedule_in_order(stream):
        if last[0] is not stream:
            last[0].flush()
            last[0] = stream
        return schedule(stream)
    if schedule is not None:
        kind._schedule_flush = schedule_in_order
_keep_order()
del _keep_order
"""
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def emit(**event: object) -> None:
    """Writes one event."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def emit_text(kind: str, text: str, late: bool) -> None:
    """Writes text in pieces that the reader can take one at a time."""
    for start in range(0, len(text), PIECE):
        emit(event="text", kind=kind, late=late, text=text[start : start + PIECE])


def yield_to_oom_killer() -> None:
    """The kernel goes before its driver when memory runs out, so that somebody is left to tell."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")


def start_kernel(folder: str) -> "tuple[subprocess.Popen[bytes], dict[str, object]]":
    """Starts ipykernel on Unix sockets below ``folder``: a network is neither there nor needed."""
    connection: "dict[str, object]" = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
    connection |= {"transport": "ipc", "ip": os.path.join(folder, "k"), "key": secrets.token_hex(16)}
    connection |= {"signature_scheme": "hmac-sha256", "kernel_name": "python3"}
    path = os.path.join(folder, "kernel.json")
    with open(path, "w") as file:
        json.dump(connection, file)
    options = ["--HistoryManager.enabled=False", "--InteractiveShell.colors=nocolor", "--log-level=50"]
    options.append(f"--IPKernelApp.exec_lines={KEEP_ORDER}")
    kernel = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", path, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=yield_to_oom_killer,
        # The kernel watches for the end of this process.
        env={**os.environ, "JPY_PARENT_PID": str(os.getpid()), "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    )
    return kernel, connection


def plain(data: "dict[str, object]") -> str:
    """Text of a rich output: its plain form, and a word about what cannot be shown."""
    text = str(data.get("text/plain", ""))
    images = [kind for kind in data if kind.startswith(("image/", "video/", "audio/"))]
    if images:
        size = sum(len(str(data[kind])) for kind in images)
        note = f"[{', '.join(images)} of {size:,} characters is not shown: save it to a file]"
        text = f"{text}\n{note}" if text else note
    elif not text:
        text = f"[{', '.join(data)} is not shown]"
    return text + "\n"


class Driver:
    """Relays between the worker and the kernel's channels."""

    def __init__(self, kernel: "subprocess.Popen[bytes]", connection: "dict[str, object]") -> None:
        """Imports the client only now: the kernel starts up meanwhile."""
        import zmq
        from jupyter_client.session import Session

        self.kernel = kernel
        self.zmq = zmq
        self.session = Session(key=str(connection["key"]).encode(), username="aira")
        self.context = zmq.Context()
        self.shell = self.context.socket(zmq.DEALER)
        self.iopub = self.context.socket(zmq.SUB)
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")
        for name, socket in (("shell", self.shell), ("iopub", self.iopub)):
            socket.setsockopt(zmq.LINGER, 0)
            # The kernel is not listening yet; ask often.
            socket.setsockopt(zmq.RECONNECT_IVL, 10)
            socket.setsockopt(zmq.RCVHWM, 0)
            socket.connect(f"ipc://{connection['ip']}-{connection[f'{name}_port']}")
        self.poller = zmq.Poller()
        self.poller.register(self.shell, zmq.POLLIN)
        self.poller.register(self.iopub, zmq.POLLIN)
        with contextlib.suppress(OSError, AttributeError):
            self.poller.register(os.pidfd_open(kernel.pid), zmq.POLLIN)
        self.message_id = ""
        self.request = 0
        self.begun = False
        self.interrupt_wanted = False
        self.interrupted = False
        self.replied = False
        self.idle_at: "float | None" = None
        self.status = "ok"

    def receive(self, socket: object) -> "dict[str, object] | None":
        """One message of a channel, or None if there is none."""
        try:
            return self.session.recv(socket, mode=self.zmq.NOBLOCK)[1]
        except (ValueError, TypeError):
            return None  # Not signed with our key: agent code found the socket.

    def wait_until_ready(self) -> None:
        """Waits for an answer on both channels: output sent before the subscription stands would be lost."""
        deadline = time.monotonic() + START_DEADLINE_S
        asked = 0.0
        waiting = {"kernel_info_reply", "status"}
        while waiting:
            now = time.monotonic()
            if self.kernel.poll() is not None or now > deadline:
                raise RuntimeError(f"the kernel did not start (exit status {self.kernel.poll()})")
            if now - asked > 0.25:
                self.session.send(self.shell, "kernel_info_request", {})
                asked = now
            for socket, _ in self.poller.poll(50):
                if socket in (self.shell, self.iopub):
                    message = self.receive(socket)
                    if message is not None:
                        waiting.discard(str(message["msg_type"]))

    def execute(self, request: int, code: str) -> None:
        """Sends code to the kernel. ``input()`` fails at once in it."""
        self.request, self.begun, self.interrupt_wanted, self.interrupted = request, False, False, False
        self.replied, self.idle_at, self.status = False, None, "ok"
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        self.message_id = self.session.send(self.shell, "execute_request", content)["header"]["msg_id"]

    def relay_output(self) -> bool:
        """Handles one message of the output channel. Returns False if there was none."""
        message = self.receive(self.iopub)
        if message is None:
            return False
        kind, content = message["msg_type"], message["content"]
        ours = message["parent_header"].get("msg_id") == self.message_id
        late = not (ours and self.request)
        if kind == "stream":
            emit_text("stream", content["text"], late)
        elif kind in ("execute_result", "display_data"):
            emit_text("result", plain(content["data"]), late)
        elif kind == "error":
            trace = "\n".join(content["traceback"]) or f"{content['ename']}: {content['evalue']}"
            emit_text("error", trace + "\n", late)
        elif kind == "execute_input" and ours:
            self.begun = True
            if self.interrupt_wanted:
                self.interrupt()
        elif kind == "status" and ours and content["execution_state"] == "idle":
            self.idle_at = time.monotonic()
            self.settle()
        return True

    def relay_reply(self) -> bool:
        """Handles one message of the request channel. Returns False if there was none."""
        message = self.receive(self.shell)
        if message is None:
            return False
        if message["msg_type"] == "execute_reply" and message["parent_header"].get("msg_id") == self.message_id:
            self.replied, self.status = True, message["content"]["status"]
            self.settle()
        return True

    def settle(self) -> None:
        """A request is done when the reply is there and all output before it."""
        if not self.request or self.idle_at is None:
            return
        unanswered = self.interrupted and time.monotonic() - self.idle_at > REPLY_GRACE_S
        if self.replied or unanswered:
            emit(event="done", id=self.request, status=self.status if self.replied else "error")
            self.request = 0

    def interrupt(self) -> None:
        """As Ctrl-C in a terminal: the kernel and the programs that it waits for."""
        if not self.request:
            return
        if not self.begun:
            # It would be lost: a kernel between requests ignores it.
            self.interrupt_wanted = True
            return
        self.interrupted = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.kernel.pid, signal.SIGINT)

    def serve(self) -> None:
        """Relays until the worker goes away or the kernel dies."""
        self.poller.register(0, self.zmq.POLLIN)
        rest = b""
        while self.kernel.poll() is None:
            ready = dict(self.poller.poll(200))
            if 0 in ready:
                data = os.read(0, 1 << 16)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    order = json.loads(line)
                    if order["op"] == "execute":
                        self.execute(order["id"], order["code"])
                    else:
                        self.interrupt()
            for _ in range(64):
                if not (self.relay_output() | self.relay_reply()):
                    break
            self.settle()
        while self.iopub.poll(50) and self.relay_output():
            pass
        emit(event="died", code=self.kernel.returncode)


def main() -> None:
    """Starts a kernel, serves, and leaves nothing behind."""
    folder = tempfile.mkdtemp(prefix="kernel-")
    kernel, connection = start_kernel(folder)
    try:
        driver = Driver(kernel, connection)
        driver.wait_until_ready()
        emit(event="ready", pid=kernel.pid)
        driver.serve()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        # Without the orderly shutdown of sockets that may wait for a kernel that is dead.
        sys.stdout.flush()
        if sys.exc_info()[0] is None:
            os._exit(0)


if __name__ == "__main__":
    main()
