"""PostgreSQL: the pool, transactions, migrations, `.sql` files, and a server that comes in a wheel."""
