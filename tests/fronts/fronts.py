"""The servers that stand before an app and speak HTTP/2 to the world, as data."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, NamedTuple

import trustme

from demo.server import started
from tests.needs import needed_program

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from demo.server import Server


class Front(NamedTuple):
    """A TLS server that forwards to an app's server by HTTP/1.1.

    The templates know ``$directory``, ``$certificate``, ``$port`` and ``$upstream_port``.
    """

    name: str
    program: str
    package: str
    arguments: str
    config: str

    def command(
        self, directory: Path, certificate: Path, port: int, upstream_port: int
    ) -> list[str]:
        """Write the front's configuration into ``directory``, and give its command line.

        By it the front stays in the foreground, and leaves all else of the machine alone.
        """
        values = {
            "directory": directory,
            "certificate": certificate,
            "port": port,
            "upstream_port": upstream_port,
        }
        (directory / "config").write_text(Template(self.config).substitute(values))
        arguments = [Template(word).substitute(values) for word in self.arguments.split()]
        # Nothing that the user has set for other work reaches it, nor does it the user's home.
        env = ["env", "--ignore-environment", f"HOME={directory}"]
        return [*env, needed_program(self.program, self.package), *arguments]

    def started(
        self, directory: Path, certificate: Path, upstream: Server
    ) -> AbstractContextManager[Server]:
        """Run it in front of ``upstream``, its files in ``directory``, until the context ends."""
        return started(
            lambda port: self.command(directory, certificate, port, upstream.port),
            directory,
            tls=True,
        )


HAPROXY = """\
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s

listen front
    bind 127.0.0.1:$port ssl crt "$certificate" alpn h2,http/1.1
    server app 127.0.0.1:$upstream_port
"""

CADDY = """\
{
    admin off
    auto_https off
    servers {
        protocols h1 h2
    }
}

https://:$port {
    bind 127.0.0.1
    tls "$certificate" "$certificate"
    reverse_proxy 127.0.0.1:$upstream_port
}
"""

NGHTTPX = """\
frontend=127.0.0.1,$port
backend=127.0.0.1,$upstream_port
private-key-file=$certificate
certificate-file=$certificate
no-ocsp=yes
single-process=yes
"""


def nginx(server: str) -> str:
    """Give the configuration of an nginx with one server, which is what this says."""
    return f"""\
daemon off;
# As root, others would be of another user, who may not look into the directory.
master_process off;
pid nginx.pid;

events {{
}}

http {{
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;

    server {{
{server}
    }}
}}
"""


NGINX = nginx("""\
        listen 127.0.0.1:$port ssl http2;
        ssl_certificate "$certificate";
        ssl_certificate_key "$certificate";

        location / {
            proxy_pass http://127.0.0.1:$upstream_port;
            proxy_http_version 1.1;
        }\
""")

APACHE = """\
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so

ServerRoot "$directory"
DefaultRuntimeDir "$directory"
PidFile apache.pid
ErrorLog /dev/stderr
# As root it wants to become another.
User www-data
Group www-data

ServerName localhost
Listen 127.0.0.1:$port
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile "$certificate"
ProxyPass / http://127.0.0.1:$upstream_port/
"""

FRONTS = [
    Front("HAProxy", "haproxy", "haproxy", "-db -f $directory/config", HAPROXY),
    Front("Caddy", "caddy", "caddy", "run --adapter caddyfile --config $directory/config", CADDY),
    Front("nghttpx", "nghttpx", "nghttp2-proxy", "--conf=$directory/config", NGHTTPX),
    Front("nginx", "nginx", "nginx", "-p $directory -c config -e stderr", NGINX),
    Front("Apache", "apache2", "apache2-bin", "-DFOREGROUND -f $directory/config", APACHE),
]


def make_certificate(directory: Path) -> Path:
    """Make a certificate for this machine that no one vouches for, its key in the same file."""
    path = directory / "certificate.pem"
    certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path
