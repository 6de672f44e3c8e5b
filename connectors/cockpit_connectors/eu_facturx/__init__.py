"""Electronic invoices: Factur-X and ZUGFeRD PDFs, and bare UN/CEFACT Cross Industry Invoice files."""
