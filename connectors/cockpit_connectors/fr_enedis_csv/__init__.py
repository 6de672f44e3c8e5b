"""Electricity curves from the CSV files of Enedis and of suppliers."""
