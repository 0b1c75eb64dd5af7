"""PostgreSQL: the store of the engine, the customer directory, migrations, the embedded server."""
