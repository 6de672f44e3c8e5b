"""The types of document a 2D-Doc may seal: what each is called, and which kind of record it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cockpit.domain.ids import Kind

TAX_NOTICE = Kind("tax.notice")
DWELLING = Kind("home.dwelling")
ATTESTATION = Kind("attestation.signed")

_KINDS = {"04": TAX_NOTICE, "28": TAX_NOTICE, "00": DWELLING, "01": DWELLING, "02": DWELLING}


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One type of document. The French label is the specification's own."""

    id: str
    label_fr: str
    label_en: str

    @property
    def kind(self) -> Kind:
        """The kind of record that a document of this type makes."""
        return _KINDS.get(self.id, ATTESTATION)


def document_type(type_id: str) -> DocumentType:
    """The type with this two-character code; one that came after our table keeps its code as its name."""
    return DOCUMENT_TYPES.get(type_id) or DocumentType(
        type_id, f"Document 2D-Doc de type {type_id}", f"2D-Doc document of type {type_id}"
    )


def _table(rows: str) -> Mapping[str, DocumentType]:
    parts = (row.split(" | ") for row in rows.strip().splitlines())
    return MappingProxyType({type_id: DocumentType(type_id, fr, en) for type_id, fr, en in parts})


DOCUMENT_TYPES = _table("""
00 | Justificatif de domicile | Proof of address
01 | Facture (énergie, téléphonie, internet, eau) | Bill (energy, telephone, internet, water)
02 | Avis de taxe d’habitation | Housing tax notice
03 | Relevé d’identité bancaire | Bank account details
04 | Avis d’impôt sur les revenus | Income tax notice
05 | Relevé d’identité SEPAmail | SEPAmail account details
06 | Bulletin de salaire | Payslip
07 | Titre d’identité | Identity document
08 | Zone de lecture automatique d’un titre (MRZ) | Machine readable zone of a document (MRZ)
09 | Facture étendue | Extended invoice
10 | Contrat de travail | Work contract
11 | Relevé de compte | Bank statement
12 | Acte d’huissier | Bailiff's deed
13 | Document étranger | Foreigner's document
14 | Attestation DICEM | Motorised vehicle certificate (DICEM)
15 | Autorisation de travail | Work permit
16 | Attestation de demande d’asile | Asylum application certificate
17 | Attestation de fin de droit à l’allocation pour demandeur d’asile | End of asylum seeker's allowance certificate
18 | Avis de situation déclarative à l’impôt sur les revenus | Income tax return notice
19 | Déclaration de dons | Declaration of gifts
20 | Déclaration de cession de droits sociaux | Declaration of a transfer of shares
21 | Attestation 2041-ASK | Certificate 2041-ASK
22 | Carte européenne d’arme à feu | European firearms pass
23 | Certificat de preuve de vie | Certificate of life
24 | Avis de situation déclarative à l’impôt sur les revenus (V2) | Income tax return notice (V2)
25 | Autorisation de travail (métier en tension) | Work permit (shortage occupation)
26 | Certificat de conformité sûreté aéroportuaire | Airport security compliance certificate
27 | Avis de situation déclarative à l’impôt sur les revenus (V3) | Income tax return notice (V3)
28 | Avis d’impôt sur les revenus (V2) | Income tax notice (V2)
29 | Attestation d’activité professionnelle | Certificate of professional activity
A0 | Certificat de qualité de l’air | Air quality certificate
A1 | Courrier du permis à points | Driving licence points letter
A2 | Carte mobilité inclusion | Mobility and inclusion card
A3 | Macaron VTC | Private hire vehicle badge
A4 | Certificat de décès | Death certificate
A5 | Carte T3P | Passenger transport driver's card
A6 | Carte professionnelle de sapeur-pompier | Firefighter's card
A7 | Certificat de qualité de l’air (V2) | Air quality certificate (V2)
A8 | Certificat de cession électronique d’un véhicule | Electronic vehicle sale certificate
A9 | Permis de chasser | Hunting licence
AA | Arrêté de permis de conduire | Driving licence order
AB | Relevé d’information du permis de conduire | Driving licence statement
AC | Licence de conducteur de train | Train driver's licence
AD | Certificat d’examen du permis de conduire | Driving test certificate
AE | Certificat de décès (V2) | Death certificate (V2)
B0 | Diplôme | Diploma
B1 | Attestation de contribution à la vie étudiante | Student contribution certificate
B2 | Test Covid | Covid test
B3 | Titrage antirabique | Rabies antibody test
B4 | Traduction certifiée | Certified translation
C1 | Renseignement tarifaire contraignant | Binding tariff information
C2 | Accord préalable de transfert d’armes | Prior consent to a transfer of firearms
C3 | Permis de transfert d’armes à feu et de munitions | Permit to transfer firearms and ammunition
C4 | Autorisation d’importation de matériels de guerre | Permit to import war material
C5 | Licence d’exportation d’armes à feu | Firearms export licence
C6 | Agrément de transfert d’armes à feu et de munitions | Approval to transfer firearms and ammunition
C7 | Bon de livraison | Delivery note
C8 | Bon de livraison (V2) | Delivery note (V2)
C9 | Caducée infirmier | Nurse's badge
L1 | Attestation vaccinale | Vaccination certificate
""")
"""Annex 6 of the specification, perimeter 01."""
