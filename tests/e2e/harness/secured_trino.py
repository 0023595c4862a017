"""A Trino server that wants credentials: HTTPS with a certificate of its own, and users by password,
JSON web token or client certificate.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

from ports import free_port

from .trino_server import TrinoServer

USER = "monitor"
PASSWORD = "correct horse battery staple"


class SecuredTrino(TrinoServer):
    """`url` is the plain port, which only the server itself uses; `secure_url` is for everyone else."""

    def __init__(self, name, folder, files):
        self.secure_port = free_port()
        self.secure_url = f"https://127.0.0.1:{self.secure_port}"
        self.certificates = folder / f"{name}-certificates"
        self.certificates.mkdir(parents=True)
        self.ca_file = self._certificate("server")
        self.client_certificate = self._certificate(USER)
        self.client_key = self.certificates / f"{USER}.key"
        self._jwt_key = os.urandom(32)
        super().__init__(name, folder, files)

    def token(self, user=USER, lifetime=3600):
        """A JSON web token for the user."""
        def part(value):
            return base64.urlsafe_b64encode(value).rstrip(b"=")

        signed = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + part(
            json.dumps({"sub": user, "exp": int(time.time()) + lifetime}).encode())
        signature = hmac.new(self._jwt_key, signed, hashlib.sha256).digest()
        return (signed + b"." + part(signature)).decode()

    def _plugins(self):
        return self._files.secured_plugins

    def _more_configuration(self):
        passwords = self._folder / "passwords"
        passwords.write_text(f"{USER}:{_hash(PASSWORD)}\n")
        (self._folder / "password-authenticator.properties").write_text(
            f"password-authenticator.name=file\nfile.password-file={passwords}\n")
        jwt_key = self._folder / "jwt.key"
        jwt_key.write_bytes(base64.b64encode(self._jwt_key))
        keystore = self._folder / "server.pem"
        keystore.write_text((self.certificates / "server.key").read_text() + self.ca_file.read_text())
        return [
            "http-server.https.enabled=true",
            f"http-server.https.port={self.secure_port}",
            f"http-server.https.keystore.path={keystore}",
            f"http-server.https.truststore.path={self.client_certificate}",
            "http-server.authentication.type=PASSWORD,JWT,CERTIFICATE",
            f"http-server.authentication.jwt.key-file={jwt_key}",
            "http-server.authentication.certificate.user-mapping.pattern=CN=(.*)",
            f"password-authenticator.config-files={self._folder}/password-authenticator.properties",
            "internal-communication.shared-secret=of-the-tests",
        ]

    def _answers_a_query(self):
        import requests  # not needed by those who only start servers
        answer = requests.get(f"{self.secure_url}/v1/info", verify=self.ca_file, timeout=5)
        return not answer.json()["starting"]

    def _certificate(self, name):
        certificate = self.certificates / f"{name}.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", self.certificates / f"{name}.key", "-out", certificate],
            check=True, capture_output=True)
        return certificate


def _hash(password):
    """As Trino's password files have it: PBKDF2, iterations:salt:hash."""
    salt = os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 2000, 64)
    return f"2000:{salt.hex()}:{digest.hex()}"
