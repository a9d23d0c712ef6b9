"""PostgreSQL, with psql and pgbench."""

import glob
import os
import shutil

from studio import Proxy, free_port, run, serving, version


def record(studio):
    bin = os.path.dirname(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1])
    data = studio.directory("postgres")
    shutil.chown(data, "postgres")
    port = free_port()
    user = "postgres" if os.getuid() == 0 else None
    as_user = ["su", "postgres", "-s", "/bin/sh", "-c"] if user else ["sh", "-c"]
    password = os.path.join(data, "password")
    with open(password, "w") as f:
        f.write("secret of a recording")
    os.chmod(password, 0o644)
    run(*as_user, f"{bin}/initdb -D {data}/db -U recorder -A scram-sha-256 --pwfile={password} --no-sync --locale=C -E UTF8")
    release = version("psql", "--version")
    env = {**os.environ, "PGPASSWORD": "secret of a recording", "PGUSER": "recorder", "PGDATABASE": "postgres", "PGHOST": "127.0.0.1", "PGGSSENCMODE": "disable"}

    def psql(scenario, sql, *options, ssl="prefer", status=0, **more):
        with Proxy(port) as p:
            run("psql", "-X", "-q", "-p", str(p.port), *options, stdin=sql, env={**env, "PGSSLMODE": ssl, **more}, status=status)
        studio.save("postgres", release, scenario, f"postgres; psql -X -q {' '.join(options)} with PGSSLMODE={ssl} <sql".replace("  ", " "),
                    "postgres", p.conversations[-1], dissector="pgsql")

    with serving(f"{bin}/postgres", "-D", f"{data}/db", "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                 port=port, user=user, cwd="/"):
        psql("simple", "SELECT 1;\nSELECT 'žluť' AS text, NULL AS nothing, 3.14::float8;\nCREATE TABLE t(id int primary key, name text);\n"
             "INSERT INTO t SELECT i, repeat('x', i) FROM generate_series(1,50) i;\nSELECT * FROM t;\nUPDATE t SET name = '' WHERE id > 25;\n")
        psql("errors", "SELEC 1;\nSELECT 1/0;\nSELECT * FROM nowhere;\nINSERT INTO t VALUES (1, 'again');\nSELECT 'well';\n", ssl="disable")
        psql("copy", "COPY t TO STDOUT;\nCREATE TEMP TABLE u(a int, b text);\nCOPY u FROM STDIN;\n1\tone\n2\ttwo\n3\t\\N\n\\.\nCOPY u TO STDOUT (FORMAT csv);\n")
        psql("transaction", "BEGIN;\nINSERT INTO t VALUES (1000, 'x');\nSELECT broken;\nROLLBACK;\nDO $$ BEGIN RAISE NOTICE 'noticed'; END $$;\n"
             "LISTEN news;\nNOTIFY news, 'payload';\nSELECT 1;\n", ssl="disable")
        psql("cursor", "\\set FETCH_COUNT 10\nSELECT i, md5(i::text) FROM generate_series(1,100) i;\n")
        psql("refused", "", ssl="disable", status=2, PGPASSWORD="wrong")
        psql("large", "SELECT repeat('0123456789', 4000);\n")
        for mode in ("extended", "prepared"):
            script = os.path.join(studio.work, "bench.sql")
            with open(script, "w") as f:
                f.write("\\set id random(1, 50)\nSELECT name FROM t WHERE id = :id;\nUPDATE t SET name = 'n' || :id WHERE id = :id;\n")
            with Proxy(port) as p:
                run(f"{bin}/pgbench" if os.path.exists(f"{bin}/pgbench") else "pgbench", "-n", "-M", mode, "-c", "1", "-t", "5", "-f", script, "-p", str(p.port),
                    env={**env, "PGSSLMODE": "disable"})
            best = max(p.conversations, key=lambda c: len(c.bytes["client"]))
            studio.save("postgres", release, mode, f"postgres; pgbench -n -M {mode} -c 1 -t 5 -f script", "postgres", best, dissector="pgsql")
