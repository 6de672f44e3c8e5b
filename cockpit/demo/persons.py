"""The three fictional households of the demonstration, and the files each of them holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from cockpit.demo.authority import Authority, new_authority
from cockpit.demo.bank import ledger, ofx
from cockpit.demo.bills import energy_bills, telecom_bills
from cockpit.demo.energy import Curve, customer_area, load_curve, long_format, supplier_zip
from cockpit.demo.household import (
    Account,
    Address,
    DemoFile,
    DemoPerson,
    Habit,
    Home,
    Household,
    Regular,
    Taxes,
)
from cockpit.demo.invoices import facturx_pdf
from cockpit.demo.papers import proof_of_address, tax_notice
from cockpit.domain.moment import add_months

MONTHS = 24

CAMILLE = Household(
    handle="camille",
    name="Camille Exemple",
    holder="MME/EXEMPLE/CAMILLE",
    language="fr",
    story_fr="Camille a 27 ans et loue un deux-pièces chauffé à l'électricité. Elle aimerait comprendre sa facture "
    "d'énergie et où part son argent.",
    story_en="Camille is 27 and rents a two-room flat with electric heating. She would like to understand her energy "
    "bill and where her money goes.",
    address=Address("12 rue des Modeles", "44000", "NANTES"),
    home=Home("09999900000011", 6, 75, 260, 160, 520, 46, 1400, ((2, 15, 7), (8, 3, 14))),
    account=Account(
        "99999",
        "00001",
        "00000000011",
        125_040,
        (
            Regular("VIR SALAIRE ATELIER EXEMPLE", "Salaire", 28, 191_240, "CREDIT"),
            Regular("VIR CAF", "Aide au logement", 5, 8_700, "CREDIT"),
            Regular("VIR LOYER", "Loyer charges comprises", 5, -66_500, "XFER"),
            Regular("PRLV ASSURANCE EXEMPLE", "Assurance habitation", 10, -1_480, "DIRECTDEBIT"),
            Regular("PRLV MUTUELLE EXEMPLE", "Cotisation santé", 10, -3_190, "DIRECTDEBIT"),
            Regular("PRLV CINEDEMO", "Abonnement vidéo", 12, -1_099, "DIRECTDEBIT", raised=-1_499, raised_for=5),
            Regular("PRLV SALLE DE SPORT DEMO", "Abonnement", 3, -2_490, "DIRECTDEBIT"),
            Regular("PRLV TRANSPORTS DEMO", "Abonnement mensuel", 2, -4_200, "DIRECTDEBIT"),
            Regular("VIR EPARGNE", "Vers livret", 29, -45_000, "XFER"),
            Regular("VIR TRESOR PUBLIC", "Remboursement d'impôt", 24, 11_200, "CREDIT", months=(7,)),
        ),
        (
            Habit("CB SUPERMARCHE DEMO", (5, 7), (1_800, 6_900)),
            Habit("CB BOULANGERIE DEMO", (3, 5), (280, 1_150)),
            Habit("CB CAFE & RESTO DEMO", (2, 5), (950, 3_400)),
            Habit("CB PHARMACIE DEMO", (0, 1), (450, 2_300)),
            Habit("CB LIBRAIRIE DEMO", (0, 2), (790, 4_200)),
            Habit("RETRAIT DAB", (1, 1), (2_000, 4_000), "ATM"),
        ),
    ),
    taxes=Taxes("EXEMPLE CAMILLE", "0000000000011", "1", 20_654),
    curve_format="customer-area",
    telecom_cents=3_498,
)

ODILE = Household(
    handle="odile",
    name="Odile Exemple",
    holder="MME/EXEMPLE/ODILE",
    language="fr",
    story_fr="Odile a 74 ans et vit seule dans sa maison. Sa fille l'aide pour ses papiers ; elle veut savoir qui "
    "voit quoi.",
    story_en="Odile is 74 and lives alone in her house. Her daughter helps her with her paperwork; she wants to know "
    "who sees what.",
    address=Address("3 chemin des Specimens", "63000", "CLERMONT FERRAND"),
    home=Home("09999900000028", 9, 130, 330, 420, 480, 82, 1700, ((9, 6, 10),)),
    account=Account(
        "99999",
        "00002",
        "00000000028",
        412_310,
        (
            Regular("VIR RETRAITE DE BASE", "Pension", 9, 108_615, "CREDIT"),
            Regular("VIR RETRAITE COMPLEMENTAIRE", "Pension", 2, 46_230, "CREDIT"),
            Regular("PRLV MUTUELLE EXEMPLE", "Cotisation santé", 6, -11_240, "DIRECTDEBIT"),
            Regular("PRLV ASSURANCE EXEMPLE", "Assurance habitation", 11, -3_120, "DIRECTDEBIT"),
            Regular("PRLV EAU DEMO", "Facture d'eau", 20, -6_480, "DIRECTDEBIT", months=(3, 9)),
            Regular("PRLV TAXE FONCIERE", "Échéance", 15, -9_150, "DIRECTDEBIT"),
            Regular("PRLV PRESSE DEMO", "Abonnement", 4, -1_990, "DIRECTDEBIT", raised=-2_390, raised_for=7),
            Regular("CHEQUE 0000001", "Chèque aide à domicile", 26, -38_600, "CHECK"),
            Regular("VIR EPARGNE", "Vers livret", 28, -20_000, "XFER"),
            Regular("VIR CPAM", "Remboursement de soins", 17, 2_150, "CREDIT"),
        ),
        (
            Habit("CB SUPERMARCHE DEMO", (4, 6), (2_400, 7_600)),
            Habit("CB BOULANGERIE DEMO", (5, 8), (190, 890)),
            Habit("CB PHARMACIE DEMO", (1, 3), (600, 3_800)),
            Habit("CB MARCHE DEMO", (2, 4), (900, 2_600)),
            Habit("RETRAIT DAB", (1, 2), (4_000, 8_000), "ATM"),
        ),
    ),
    taxes=Taxes("EXEMPLE ODILE", "0000000000028", "1,5", 16_723),
    curve_format="long",
    telecom_cents=2_399,
)

NGUYEN = Household(
    handle="nguyen",
    name="Famille Nguyen",
    holder="M/NGUYEN/MINH",
    language="en",
    story_fr="Minh et Linh Nguyen ont deux enfants et une maison au gaz. Ils préparent un dossier pour la cantine et "
    "veulent donner le moins possible.",
    story_en="Minh and Linh Nguyen have two children and a house heated with gas. They are filing for the school "
    "canteen and want to give away as little as possible.",
    address=Address("27 avenue des Exemples", "69003", "LYON"),
    home=Home("09999900000035", 9, 190, 620, 380, 1_350, 8, 0, ((4, 20, 7), (7, 20, 16), (12, 24, 8))),
    account=Account(
        "99999",
        "00003",
        "00000000035",
        238_600,
        (
            Regular("VIR SALAIRE HOPITAL EXEMPLE", "Salaire", 27, 213_480, "CREDIT"),
            Regular("VIR SALAIRE LOGICIEL EXEMPLE", "Salaire", 30, 246_900, "CREDIT"),
            Regular("VIR CAF", "Allocations familiales", 5, 15_104, "CREDIT"),
            Regular("VIR CAF RENTREE", "Allocation de rentrée", 18, 42_354, "CREDIT", months=(8,)),
            Regular("ECHEANCE PRET IMMOBILIER", "Prêt 0000", 5, -148_700, "DIRECTDEBIT"),
            Regular("PRLV GAZ DEMO", "Échéance mensuelle", 14, -9_600, "DIRECTDEBIT"),
            Regular("PRLV CANTINE VILLE", "Restauration scolaire", 16, -8_420, "DIRECTDEBIT"),
            Regular("PRLV MUTUELLE EXEMPLE", "Cotisation santé", 8, -9_870, "DIRECTDEBIT"),
            Regular("PRLV ASSURANCE EXEMPLE", "Auto et habitation", 10, -7_650, "DIRECTDEBIT"),
            Regular("PRLV CINEDEMO", "Abonnement vidéo", 12, -1_399, "DIRECTDEBIT", raised=-1_899, raised_for=6),
            Regular("PRLV MUSIQUE DEMO", "Abonnement famille", 21, -1_799, "DIRECTDEBIT"),
            Regular("VIR EPARGNE", "Vers livret", 28, -180_000, "XFER"),
        ),
        (
            Habit("CB SUPERMARCHE DEMO", (6, 8), (4_500, 15_500)),
            Habit("CB CARBURANT DEMO", (2, 3), (4_800, 8_200)),
            Habit("CB BOULANGERIE DEMO", (2, 4), (420, 1_680)),
            Habit("CB SPORT DEMO", (0, 1), (1_900, 8_900)),
            Habit("CB PHARMACIE DEMO", (0, 2), (500, 3_200)),
        ),
    ),
    taxes=Taxes("NGUYEN MINH", "0000000000035", "3", 49_721, "NGUYEN LINH", "0000000000042"),
    curve_format="supplier-zip",
    telecom_cents=4_398,
)

HOUSEHOLDS = (CAMILLE, ODILE, NGUYEN)


def demo_files(seed: int, last_day: date, only: str | None = None) -> tuple[DemoPerson, ...]:
    """The demonstration's citizens with 24 months of files ending at ``last_day``; ``only`` keeps one handle.

    The same seed and day give the same bytes, except for the signatures of the papers: the key that makes them is
    new at each call. Raises ``KeyError`` for a handle nobody has.
    """
    chosen = HOUSEHOLDS if only is None else ({each.handle: each for each in HOUSEHOLDS}[only],)
    authority = new_authority(last_day)
    return tuple(
        DemoPerson(
            handle=household.handle,
            name=household.name,
            language=household.language,
            story_fr=household.story_fr,
            story_en=household.story_en,
            files=tuple(_files(household, seed, last_day, authority)),
            demo_authority_pem=authority.pem,
        )
        for household in chosen
    )


def _files(household: Household, seed: int, last: date, authority: Authority) -> Iterator[DemoFile]:
    first = add_months(last, -MONTHS) + timedelta(days=1)
    # The demonstration must come out the same from the same seed, which no secure generator allows.
    weather = Random(f"{seed}|{household.handle}|energy")  # noqa: S311
    purchases = Random(f"{seed}|{household.handle}|bank")  # noqa: S311
    curve = load_curve(weather, household.home, first, last)
    yield _curve_file(household, curve)
    energy, telecom = energy_bills(household, curve), telecom_bills(household, first, last)
    for bill in energy:
        yield facturx_pdf(bill, f"facture-energie-{bill.first:%Y-%m}.pdf")
    for bill in telecom:
        yield facturx_pdf(bill, f"facture-telecom-{bill.first:%Y-%m}.pdf")
    yield ofx(ledger(purchases, household.account, (*energy, *telecom), first, last), first)
    for year in (last.year - 1, last.year):
        # A notice is collected on the last day of August; the next one has not come yet.
        if first <= date(year, 8, 31) <= last:
            yield tax_notice(authority, household, year)
    yield proof_of_address(authority, household, energy[-1])


def _curve_file(household: Household, curve: Curve) -> DemoFile:
    meter = household.home.meter
    match household.curve_format:
        case "customer-area":
            return customer_area(curve, meter)
        case "long":
            return long_format(curve, meter)
        case _:
            return supplier_zip(curve, meter, household.address.postcode)
