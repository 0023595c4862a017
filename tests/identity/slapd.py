"""A real slapd with two groups and a few users, on free loopback ports."""

import subprocess

from .harness import Server, free_port, make_certificates

BASE = "dc=example,dc=org"
ROOT_DN, ROOT_PASSWORD = f"cn=root,{BASE}", "root-password"
SERVICE_DN, SERVICE_PASSWORD = f"cn=gateway,{BASE}", "service-password"

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {directory}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix "{base}"
rootdn "{root_dn}"
rootpw {root_password}
directory {directory}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


def entry(dn, *lines):
    return "\n".join((f"dn: {dn}", *lines)) + "\n\n"


def user(name, password, **more):
    extra = (f"{key}: {value}" for key, value in more.items())
    return entry(f"uid={name},ou=people,{BASE}", "objectClass: inetOrgPerson", f"cn: {name}",
                 "sn: x", f"userPassword: {password}", *extra)


def group(name, *members, unit="groups"):
    return entry(f"cn={name},ou={unit},{BASE}", "objectClass: groupOfNames",
                 *(f"member: uid={member},ou=people,{BASE}" for member in members))


DATA = "".join([
    entry(BASE, "objectClass: dcObject", "objectClass: organization", "o: example"),
    *(entry(f"ou={unit},{BASE}", "objectClass: organizationalUnit")
      for unit in ("people", "groups", "other")),
    entry(SERVICE_DN, "objectClass: organizationalRole", "objectClass: simpleSecurityObject",
          f"userPassword: {SERVICE_PASSWORD}"),
    user("ann", "pear", mail="ann@example.org"),
    user("bob", "plum", mail="shared@example.org"),
    user("cem", "kiwi", mail="shared@example.org"),
    user(r"o\2cbrien", "fig"),
    group("gateway-admins", "ann"),
    group("gateway-operators", "ann", "bob"),
    # One of the same name that others manage.
    group("gateway-admins", "cem", unit="other"),
])


class Slapd(Server):
    def __init__(self, directory):
        self.ca, certificate, key = make_certificates(directory)
        (directory / "data").mkdir()
        config = directory / "slapd.conf"
        config.write_text(CONFIG.format(directory=directory, ca=self.ca, certificate=certificate,
                                        key=key, base=BASE, root_dn=ROOT_DN,
                                        root_password=ROOT_PASSWORD))
        port, tls_port = free_port(), free_port()
        self.url, self.tls_url = f"ldap://127.0.0.1:{port}", f"ldaps://127.0.0.1:{tls_port}"
        # -d keeps it in the foreground.
        super().__init__(["/usr/sbin/slapd", "-d", "0", "-f", config, "-h",
                          f"{self.url} {self.tls_url}"], directory / "slapd.log")
        self.wait_until_it_accepts(port)
        subprocess.run(["ldapadd", "-x", "-H", self.url, "-D", ROOT_DN, "-w", ROOT_PASSWORD],
                       input=DATA, text=True, check=True, capture_output=True)
