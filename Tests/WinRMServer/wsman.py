"""The messages of WS-Management's shell protocol, on the machine's side (DSP0226; MS-WSMV)."""

import base64
import re
import uuid
import xml.etree.ElementTree as tree
from xml.sax.saxutils import escape, quoteattr

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
P = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CFG = "http://schemas.microsoft.com/wbem/wsman/1/config"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
ANONYMOUS = A + "/role/anonymous"
CMD = RSP + "/cmd"

TIMED_OUT = 2150858793
UNKNOWN = 2150858843
BAD_HEADER = 2150858767
NO_FILE = 2147942402
NO_PIPE = 109
BAD_PARAMETER = 87


class Fault(Exception):
    def __init__(self, code, subcode, text, whose="Sender", detail=None):
        super().__init__(text)
        self.code, self.subcode, self.text = code, subcode, text
        self.whose, self.detail = whose, detail


def unknown(what):
    return Fault(
        UNKNOWN, "w:InvalidSelectors", f"There is no such {what}, or it has ended.",
        detail=W + "/faultDetail/UnexpectedSelectors",
    )


class Request:
    """A request, read as strictly as a service may: every client of the tests passes."""

    def __init__(self, data, service_limit):
        if len(data) > service_limit:
            raise Fault(BAD_HEADER, "w:EncodingLimit", "The request is too long.")
        if b"<!DOCTYPE" in data:
            raise Fault(BAD_HEADER, "s:Sender", "A document type is not allowed.")
        self.root = tree.fromstring(data)
        self.message = "uuid:00000000-0000-0000-0000-000000000000"
        if self.root.tag != f"{{{S}}}Envelope":
            raise Fault(BAD_HEADER, "s:Sender", "This is no envelope.")
        self.header = self.root.find(f"{{{S}}}Header")
        self.body = self.root.find(f"{{{S}}}Body")
        self.is_identify = self.body.find(f"{{{IDENTITY}}}Identify") is not None
        if self.is_identify:
            self.action = "Identify"
            return
        self.message = self.required(A, "MessageID")
        if not re.fullmatch(r"(?i)uuid:[0-9a-f-]{36}", self.message):
            raise Fault(BAD_HEADER, "a:InvalidMessageInformationHeader", "The MessageID is wrong.")
        self.action = self.required(A, "Action")
        self.resource = self.required(W, "ResourceURI")
        self.required(A, "To")
        if self.required(A, "ReplyTo", "Address") != ANONYMOUS:
            raise Fault(BAD_HEADER, "a:InvalidMessageInformationHeader", "ReplyTo is wrong.")
        self.limit = int(self.required(W, "MaxEnvelopeSize"))
        timeout = self.header.findtext(f"{{{W}}}OperationTimeout", "PT60S").strip()
        seconds = re.fullmatch(r"P(?:0DT|T)(?:0H)?(?:0M)?(\d+(?:\.\d+)?)S", timeout)
        minutes = re.fullmatch(r"PT(\d+)M", timeout)
        if not seconds and not minutes:
            text = f"The XML contains an invalid timeout field: {timeout}."
            raise Fault(BAD_HEADER, "a:InvalidMessageInformationHeader", text)
        self.timeout = float(seconds[1]) if seconds else 60.0 * int(minutes[1])

    def required(self, namespace, *names):
        element = self.header
        for name in names:
            element = element.find(f"{{{A if name == 'Address' else namespace}}}{name}")
            if element is None:
                text = f"The header lacks {name}."
                raise Fault(BAD_HEADER, "a:MessageInformationHeaderRequired", text)
        return (element.text or "").strip()

    @property
    def verb(self):
        return self.action.rsplit("/", 1)[-1]

    def selector(self, name):
        for selector in self.header.findall(f"{{{W}}}SelectorSet/{{{W}}}Selector"):
            if selector.get("Name") == name:
                return (selector.text or "").strip()
        return None

    def option(self, name):
        for option in self.header.findall(f"{{{W}}}OptionSet/{{{W}}}Option"):
            if option.get("Name") == name:
                return (option.text or "").strip()
        return None

    def shell(self, name):
        return self.body.find(f"{{{RSP}}}{name}")


def stream(name, command, data=b"", end=False):
    last = ' End="true"' if end else ""
    text = base64.b64encode(data).decode()
    return f'<rsp:Stream Name="{name}" CommandId="{command}"{last}>{text}</rsp:Stream>'


def reply(request, body, action=None):
    """An envelope that answers `request`."""
    if request is not None and request.is_identify:
        return (f'<s:Envelope xml:lang="en-US" xmlns:s="{S}"><s:Header/><s:Body>{body}</s:Body>'
                "</s:Envelope>").encode()
    action = action or f"{request.action}Response"
    message = request.message if request else "uuid:00000000-0000-0000-0000-000000000000"
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}" xmlns:a="{A}" xmlns:x="{X}" xmlns:w="{W}" '
        f'xmlns:rsp="{RSP}" xmlns:p="{P}"><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{message}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault_reply(request, fault):
    fault_space = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
    detail = f"<w:FaultDetail>{fault.detail}</w:FaultDetail>" if fault.detail else ""
    text = escape(fault.text)
    body = (
        f"<s:Fault><s:Code><s:Value>s:{fault.whose}</s:Value><s:Subcode>"
        f"<s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text} </s:Text></s:Reason><s:Detail>{detail}'
        f'<f:WSManFault xmlns:f="{fault_space}" Code="{fault.code}" Machine={quoteattr("127.0.0.1")}>'
        f"<f:Message>{text} </f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    place = A if fault.subcode.startswith("a:") else "http://schemas.dmtf.org/wbem/wsman/1/wsman"
    return reply(request, body, f"{place}/fault")
