"""pywinrm and pypsrp against the server: python clients.py HTTPS-PORT HTTP-PORT USER PASSWORD

Each line is `ok` or `FAIL` with what was tried; exits with 1 where anything failed."""

import sys

import winrm
from pypsrp.client import Client
from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

https, http, user, password = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
saying = "echo out & echo err 1>&2 & exit 3010"
failed = False


def check(name, got, wanted):
    global failed
    failed = failed or got != wanted
    print(f"ok {name}" if got == wanted else f"FAIL {name}: {got!r}")


def attempt(name, wanted, body):
    try:
        got = body()
    except Exception as error:
        got = type(error).__name__
    check(name, got, wanted)


def session(way, secret=password, port=https):
    scheme = "https" if port == https else "http"
    return winrm.Session(
        f"{scheme}://localhost:{port}/wsman", auth=(user, secret), transport=way,
        server_cert_validation="ignore")


def pywinrm(*options):
    ran = session(*options).run_cmd(saying)
    return ran.status_code, ran.std_out, ran.std_err


def wsman(way, port=https):
    return WSMan(
        "localhost", port=port, username=user, password=password, ssl=port == https, auth=way,
        cert_validation=False, operation_timeout=20)


def pypsrp(way, port=https):
    client = Client(
        "localhost", port=port, username=user, password=password, ssl=port == https, auth=way,
        cert_validation=False)
    return client.execute_cmd(saying)


def process(line, inputs=(), skip=False, environment=None):
    with wsman("ntlm") as server, WinRS(server, environment=environment) as shell:
        running = Process(shell, line, no_shell=skip)
        running.begin_invoke()
        for index, data in enumerate(inputs):
            running.send(data, index == len(inputs) - 1)
        running.end_invoke()
        running.signal(SignalCode.TERMINATE)
        return running.stdout, running.rc


bytes_said = (3010, b"out \r\n", b"err  \r\n")
text_said = ("out \r\n", "err  \r\n", 3010)
attempt("pywinrm https basic", bytes_said, lambda: pywinrm("basic"))
attempt("pywinrm https ntlm", bytes_said, lambda: pywinrm("ntlm"))
attempt("pywinrm http ntlm sealed", bytes_said, lambda: pywinrm("ntlm", password, http))
attempt("pywinrm wrong password", "InvalidCredentialsError", lambda: pywinrm("ntlm", "no"))
attempt("pywinrm http in the clear", "WinRMTransportError", lambda: pywinrm("basic", password, http))
attempt("pypsrp https basic", text_said, lambda: pypsrp("basic"))
attempt("pypsrp https ntlm", text_said, lambda: pypsrp("ntlm"))
attempt("pypsrp https negotiate", text_said, lambda: pypsrp("negotiate"))
attempt("pypsrp http ntlm sealed", text_said, lambda: pypsrp("ntlm", http))
attempt("pypsrp http negotiate sealed", text_said, lambda: pypsrp("negotiate", http))
attempt("pypsrp input in two parts", (b"one\r\ntwo", 0), lambda: process("more", [b"one\r\n", b"two"]))
attempt("pypsrp waits beyond timeouts", (b"", 0), lambda: process("pause 2.5"))
attempt("pypsrp environment", (b"A=b c\r\n", 0), lambda: process("set", environment={"A": "b c"}))


def bad_command():
    with wsman("ntlm") as server, WinRS(server) as shell:
        running = Process(shell, "more")
        running._command_id = "00000000-0000-0000-0000-000000000000"
        try:
            running.poll_invoke()
        except WSManFaultError as fault:
            return fault.code


def not_found():
    try:
        return process("more", skip=True)
    except WSManFaultError as fault:
        return fault.code


attempt("pypsrp unknown command", 2150858843, bad_command)
attempt("pypsrp program without cmd", 2147942402, not_found)
sys.exit(failed)
