"""An AGI script that Asterisk spawns for each call: it looks a customer up, as many do.

Run as `spawned.py URL CODE`. It speaks AGI on its standard input and output.
"""

import sys

import psycopg2


def main() -> None:
    """Find the customer's name, tell Asterisk."""
    while sys.stdin.readline().strip():
        pass  # what Asterisk says about the call
    connection = psycopg2.connect(sys.argv[1])
    cursor = connection.cursor()
    cursor.execute("SELECT id, name FROM customers WHERE code = %s", (sys.argv[2],))
    found = cursor.fetchone()
    status = "FOUND" if found else "UNKNOWN"
    print(f'SET VARIABLE CUSTOMERSTATUS "{status}"', flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
