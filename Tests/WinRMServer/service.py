"""What the service does for each request."""

import base64

import wsman
from wsman import CFG, CMD, RSP, W, Fault


class Service:
    def __init__(self, machine, options):
        self.machine = machine
        self.options = options

    @property
    def limit(self):
        return self.options["envelope_kb"] * 1024

    def answer(self, request):
        """The body of the answer; raises Fault."""
        if request.is_identify:
            return (
                f'<i:IdentifyResponse xmlns:i="{wsman.IDENTITY}">'
                f"<i:ProtocolVersion>{W}</i:ProtocolVersion>"
                "<i:ProductVendor>Kiln's tests</i:ProductVendor>"
                "<i:ProductVersion>OS: 10.0.20348 SP: 0.0 Stack: 3.0</i:ProductVersion>"
                "</i:IdentifyResponse>"
            )
        if request.resource.startswith(CFG) and request.verb == "Get":
            return (
                f'<cfg:Config xmlns:cfg="{CFG}"><cfg:MaxEnvelopeSizekb>'
                f"{self.options['envelope_kb']}</cfg:MaxEnvelopeSizekb>"
                "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>"
            )
        if request.resource != CMD:
            raise Fault(wsman.BAD_PARAMETER, "w:InvalidParameter", "There is no such resource.")
        if request.verb == "Create":
            return self.create(request)
        shell = self.machine.shell(request.selector("ShellId"))
        if shell is None:
            raise wsman.unknown("shell")
        known = ("Command", "Send", "Receive", "Signal", "Delete")
        if request.verb not in known:
            raise Fault(wsman.BAD_PARAMETER, "a:ActionNotSupported", "There is no such action.")
        return getattr(self, request.verb.lower())(request, shell)

    def create(self, request):
        asked = request.shell("Shell")
        if asked is None:
            raise Fault(wsman.BAD_PARAMETER, "w:InvalidParameter", "The body lacks a Shell.")
        environment = {
            variable.get("Name"): variable.text or ""
            for variable in asked.findall(f"{{{RSP}}}Environment/{{{RSP}}}Variable")
        }
        shell = self.machine.open(environment, asked.findtext(f"{{{RSP}}}WorkingDirectory"))
        to = request.header.findtext(f"{{{wsman.A}}}To")
        return (
            f"<x:ResourceCreated><a:Address>{to}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{CMD}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet>'
            f"</a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId>"
            f"<rsp:ResourceUri>{CMD}</rsp:ResourceUri><rsp:InputStreams>stdin</rsp:InputStreams>"
            "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )

    def command(self, request, shell):
        asked = request.shell("CommandLine")
        words = [asked.findtext(f"{{{RSP}}}Command") or ""]
        words += [argument.text or "" for argument in asked.findall(f"{{{RSP}}}Arguments")]
        skips_cmd = (request.option("WINRS_SKIP_CMD_SHELL") or "FALSE").upper() == "TRUE"
        command = self.machine.start(shell, " ".join(words), skips_cmd)
        if command is None:
            text = "The system cannot find the file specified."
            raise Fault(wsman.NO_FILE, "w:InternalError", text, "Receiver")
        response = f"<rsp:CommandId>{command.id}</rsp:CommandId>"
        return f"<rsp:CommandResponse>{response}</rsp:CommandResponse>"

    def find(self, shell, id):
        command = shell.commands.get((id or "").upper())
        if command is None:
            raise wsman.unknown("command")
        return command

    def send(self, request, shell):
        for part in request.shell("Send").findall(f"{{{RSP}}}Stream"):
            command = self.find(shell, part.get("CommandId"))
            data = base64.b64decode(part.text or "", validate=True)
            if not command.send(data, (part.get("End") or "").lower() == "true"):
                text = "The pipe has been ended."
                raise Fault(wsman.NO_PIPE, "w:InternalError", text, "Receiver")
        return "<rsp:SendResponse/>"

    def receive(self, request, shell):
        desired = request.shell("Receive").find(f"{{{RSP}}}DesiredStream")
        command = self.find(shell, desired.get("CommandId"))
        if command.reported:
            raise wsman.unknown("command")
        room = (min(request.limit, self.limit) - 2500) // 4 * 3
        received = command.receive(min(request.timeout, self.options["timeout"]), room)
        if received is None:
            text = "The operation was not completed within OperationTimeout."
            raise Fault(wsman.TIMED_OUT, "w:TimedOut", text, "Receiver")
        parts, code = received
        body = "".join(wsman.stream(name, command.id, data) for name, data in parts)
        state = "Running"
        ending = ""
        if code is not None:
            state = "Done"
            body += wsman.stream("stdout", command.id, end=True)
            body += wsman.stream("stderr", command.id, end=True)
            ending = f"<rsp:ExitCode>{code}</rsp:ExitCode>"
        body += (
            f'<rsp:CommandState CommandId="{command.id}" State="{RSP}/CommandState/{state}">'
            f"{ending}</rsp:CommandState>"
        )
        return f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"

    def signal(self, request, shell):
        command = self.find(shell, request.shell("Signal").get("CommandId"))
        command.kill()
        shell.commands.pop(command.id, None)
        return "<rsp:SignalResponse/>"

    def delete(self, request, shell):
        self.machine.close(shell)
        return ""
