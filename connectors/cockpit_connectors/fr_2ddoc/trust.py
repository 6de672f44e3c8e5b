"""Whose signatures count: the packaged trust list of ANTS, and the certificates the operator imported."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from xml.etree.ElementTree import Element, ParseError

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID
from defusedxml.ElementTree import fromstring

from cockpit.domain.errors import OperatorMustAct

_TSL = "{http://uri.etsi.org/02231/v2#}"
_IN_ACCORD = "http://uri.etsi.org/TrstSvc/Svcstatus/inaccord"

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)
"""What the certificate library raises on a certificate it cannot read or use."""


class TrustListUnreadable(OperatorMustAct):
    """The packaged trust list is missing a part, or is not one."""

    code = "trust_list_unreadable"


class CertificateUnreadable(OperatorMustAct):
    """An imported certificate is not a PEM file of X.509 certificates."""

    code = "certificate_unreadable"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority: its four-character id, its certificate, and since when its status holds.

    ``granted`` False means that the trust list withdrew it on ``since``. ``since`` None means no limit: the operator
    imported it.
    """

    id: str
    certificate: x509.Certificate
    granted: bool = True
    since: date | None = None

    def stood_on(self, day: date) -> bool:
        """Whether the authority was in the list's favour, and its own certificate in force, on ``day``."""
        if not in_force(self.certificate, day):
            return False
        return self.since is None or (day >= self.since if self.granted else day < self.since)


@dataclass(frozen=True, slots=True)
class TrustList:
    """The list as ANTS published it. ``issued`` and ``next_update`` are ISO dates."""

    issued: str
    next_update: str
    authorities: tuple[Authority, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate that signs documents, and the authority that vouches for it.

    ``authority`` is None when no authority of that name is known: the operator trusts the certificate itself.
    """

    certificate: x509.Certificate
    authority: Authority | None

    def stood_on(self, day: date) -> bool:
        """Whether a signature of ``day`` was made with a certificate in force, under an authority in favour."""
        return in_force(self.certificate, day) and (self.authority is None or self.authority.stood_on(day))


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Every authority and every certificate at hand."""

    authorities: tuple[Authority, ...]
    certificates: tuple[x509.Certificate, ...] = ()

    def leaves(self, authority_id: str, certificate_id: str) -> tuple[Leaf, ...]:
        """The certificates that a document naming these two ids may have been signed with.

        A certificate that claims a known authority counts only when that authority signed it. One whose authority
        nobody knows was imported for its own sake and counts as it is.
        """
        named = [each for each in self.certificates if _claims(each, authority_id, certificate_id)]
        known = [each for each in self.authorities if each.id == authority_id]
        if not known:
            return tuple(Leaf(each, None) for each in named)
        return tuple(Leaf(each, ca) for each in named for ca in known if _issued(ca.certificate, each))


@cache
def packaged_trust_list() -> TrustList:
    """The list shipped with this connector. Raises ``TrustListUnreadable``."""
    return read_trust_list(files(__package__).joinpath("trust", "ants_tsl.xml").read_bytes())


def trust_list_issued() -> str:
    """The day ANTS issued the packaged list, for pages and diagnostics to show."""
    return packaged_trust_list().issued


def read_trust_list(document: bytes) -> TrustList:
    """A trust list in the XML of ETSI TS 119 612. Raises ``TrustListUnreadable``.

    The list's own XML signature is not checked: it is trusted as packaged, and reviewed when it is replaced.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
        providers = tuple(
            authority
            for provider in root.iter(f"{_TSL}TrustServiceProvider")
            for authority in _authorities_of(provider)
        )
        return TrustList(
            issued=_moment(root, f".//{_TSL}ListIssueDateTime").isoformat(),
            next_update=_moment(root, f".//{_TSL}NextUpdate/{_TSL}dateTime").isoformat(),
            authorities=providers,
        )
    except (ParseError, *_UNREADABLE):
        raise TrustListUnreadable("The trust list of 2D-Doc cannot be read.") from None


def trust_store(listed: TrustList, imported: Iterable[bytes]) -> TrustStore:
    """The list's authorities and what the operator imported (PEM). Raises ``CertificateUnreadable``.

    An imported certificate of an authority becomes one under its common name, beside those of the list.
    """
    authorities, leaves = list(listed.authorities), []
    for pem in imported:
        for certificate in _load(pem):
            if is_authority(certificate):
                authorities.append(Authority(_attribute(certificate.subject, NameOID.COMMON_NAME), certificate))
            else:
                leaves.append(certificate)
    return TrustStore(tuple(authorities), tuple(leaves))


def in_force(certificate: x509.Certificate, day: date) -> bool:
    """Whether ``day`` falls within the validity of the certificate, first and last day included."""
    return certificate.not_valid_before_utc.date() <= day <= certificate.not_valid_after_utc.date()


def organisation(certificate: x509.Certificate) -> str | None:
    """The organisation a certificate was issued to (subject O)."""
    return _attribute(certificate.subject, NameOID.ORGANIZATION_NAME) or None


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may sign others: RFC 5280 §4.2.1.9, or self-issued in the versions that cannot say it."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.subject == certificate.issuer
    except (x509.DuplicateExtension, *_UNREADABLE):
        return False


def _load(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except _UNREADABLE:
        raise CertificateUnreadable("An imported certificate cannot be read as PEM.") from None


def _claims(certificate: x509.Certificate, authority_id: str, certificate_id: str) -> bool:
    issuer = certificate.issuer
    return _attribute(certificate.subject, NameOID.COMMON_NAME) == certificate_id and authority_id in {
        _attribute(issuer, NameOID.COMMON_NAME),
        _attribute(issuer, NameOID.ORGANIZATION_NAME),
    }


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    values = name.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def _authorities_of(provider: Element) -> Iterable[Authority]:
    names = {(each.text or "").strip() for each in provider.iterfind(f".//{_TSL}TSPTradeName/{_TSL}Name")}
    for service in provider.iter(f"{_TSL}ServiceInformation"):
        status = (service.findtext(f"{_TSL}ServiceStatus") or "").strip()
        since = _moment(service, f"{_TSL}StatusStartingTime")
        for identity in service.iterfind(f"{_TSL}ServiceDigitalIdentity//{_TSL}X509Certificate"):
            certificate = x509.load_der_x509_certificate(base64.b64decode(identity.text or ""))
            for name in sorted(names):
                yield Authority(name, certificate, status == _IN_ACCORD, since)


def _moment(element: Element, path: str) -> date:
    return datetime.fromisoformat((element.findtext(path) or "").strip()).date()
