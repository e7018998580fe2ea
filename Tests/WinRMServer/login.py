"""Who is logged in on a connection: Basic, or NTLM and SPNEGO as pyspnego accepts them."""

import base64
import hashlib

import spnego
import spnego._ntlm
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from spnego._ntlm_raw.messages import Authenticate, AvId, NTClientChallengeV2
from spnego.channel_bindings import GssChannelBindings

MULTIPART = (
    'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";'
    'boundary="Encrypted Boundary"'
)


class Refused(Exception):
    """The login failed."""


def bindings_of(certificate):
    """The channel bindings of a certificate in PEM form (RFC 5929, section 4)."""
    parsed = x509.load_pem_x509_certificate(certificate)
    hash = parsed.signature_hash_algorithm
    if hash is None or hash.name in ("md5", "sha1"):
        hash = hashes.SHA256()
    data = b"tls-server-end-point:" + parsed.fingerprint(hash)
    return GssChannelBindings(application_data=data)


# pyspnego takes bindings of zeros for right, which is what a client without any sends: only Windows'
# default does so. It is told apart here, for a server that wants them.
_accept = spnego._ntlm.NTLMProxy._step_accept_authenticate


def _accept_bound(self, token, channel_bindings):
    response = Authenticate.unpack(token).nt_challenge_response or b""
    given = None
    if len(response) > 24:
        given = NTClientChallengeV2.unpack(response[16:]).av_pairs.get(AvId.channel_bindings)
    absent = given is None or given == bytes(16)
    want = getattr(Login, "wanted", "relaxed")
    if absent and want == "strict" and channel_bindings:
        raise Refused("no channel bindings")
    return _accept(self, token, None if absent or want == "none" else channel_bindings)


spnego._ntlm.NTLMProxy._step_accept_authenticate = _accept_bound


class Login:
    """The state of the login on one connection."""

    # none: not looked at; relaxed: may be missing, may not be wrong; strict: must be right.
    wanted = "relaxed"

    def __init__(self, options, bindings):
        self.options = options
        self.bindings = bindings
        self.context = None
        self.user = None

    def challenges(self):
        names = {"basic": 'Basic realm="WSMAN"', "negotiate": "Negotiate"}
        return [names[way] for way in self.options["auth"]]

    def take(self, header):
        """Takes an Authorization field; returns a token for the client, or None."""
        scheme, _, rest = header.partition(" ")
        scheme = scheme.lower()
        if scheme == "basic" and "basic" in self.options["auth"]:
            user, _, password = base64.b64decode(rest).decode().partition(":")
            self.user = None
            if self.options["users"].get(user) != password:
                raise Refused("wrong password")
            self.user = user
            return None
        if scheme != "negotiate" or "negotiate" not in self.options["auth"]:
            raise Refused(f"{scheme} is not offered")
        return self.negotiate(base64.b64decode(rest))

    def negotiate(self, token):
        if self.user or self.context is None:
            self.user = None
            # SPNEGO wants another acceptor than what it carries.
            is_bare = token.startswith(b"NTLMSSP\0")
            ways = spnego.NegotiateOptions
            self.context = spnego.server(
                protocol="ntlm" if is_bare else "negotiate",
                channel_bindings=self.bindings,
                options=ways.use_ntlm if is_bare else ways.use_negotiate,
            )
        try:
            answer = self.context.step(token)
        except Exception as error:
            self.context = None
            raise Refused(str(error)) from error
        if self.context.complete:
            self.user = self.context.client_principal
        return answer

    def open(self, body):
        """The plain form of a sealed body."""
        _, _, rest = body.partition(b"\tContent-Type: application/octet-stream\r\n")
        if not rest.endswith(b"--Encrypted Boundary--\r\n"):
            raise Refused("not a sealed message")
        rest = rest[: -len(b"--Encrypted Boundary--\r\n")]
        length = int.from_bytes(rest[:4], "little")
        try:
            return self.context.unwrap_winrm(rest[4 : 4 + length], rest[4 + length :])
        except Exception as error:
            raise Refused(str(error)) from error

    def seal(self, plain):
        sealed = self.context.wrap_winrm(plain)
        head = (
            "--Encrypted Boundary\r\n"
            "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
            "\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
            f"Length={len(plain) + sealed.padding_length}\r\n"
            "--Encrypted Boundary\r\n"
            "\tContent-Type: application/octet-stream\r\n"
        ).encode()
        length = len(sealed.header).to_bytes(4, "little")
        return head + length + sealed.header + sealed.data + b"--Encrypted Boundary--\r\n"


def thumbprints(certificate):
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    return {"sha1": hashlib.sha1(der).hexdigest(), "sha256": hashlib.sha256(der).hexdigest()}
