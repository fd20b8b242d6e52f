"""The database's own time, for what several processes decide about:
their clocks may differ, and this one is one.
"""

from datetime import datetime

from sqlalchemy import func, select

from service_kit.store.running import Reader

NOW = select(func.clock_timestamp())


async def database_time(reader: Reader) -> datetime:
    """What the clock of the database says at this moment,
    not at the beginning of the transaction.
    """
    moment: datetime = await reader.fetch_value(NOW)
    return moment
