"""MariaDB, with its client and PyMySQL."""

import getpass

import pymysql

from studio import Proxy, free_port, run, serving, version


def record(studio):
    data = studio.directory("mariadb")
    port, user = free_port(), getpass.getuser()
    run("mariadb-install-db", "--no-defaults", f"--datadir={data}/db", f"--user={user}", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
    release = version("mariadbd", "--version").replace("mariadbd  ", "mariadbd ")

    def keep(scenario, command, p):
        studio.save("mysql", release, scenario, f"mariadbd; {command}", "mysql", p.conversations[0], dissector="mysql")

    def client(scenario, sql, *options, status=0):
        with Proxy(port) as p:
            run("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(p.port), "-u", "root", *options, stdin=sql, status=status)
        keep(scenario, f"mariadb {' '.join(options)} <sql".replace("  ", " "), p)

    with serving("mariadbd", "--no-defaults", f"--datadir={data}/db", f"--user={user}", f"--port={port}", "--bind-address=127.0.0.1",
                 f"--socket={data}/s", f"--pid-file={data}/pid", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", port=port):
        client("simple", "SELECT 1;\nSELECT VERSION(), 'žluť', NULL;\nCREATE DATABASE d;\nUSE d;\nCREATE TABLE t(id int primary key, name text);\n"
               "INSERT INTO t VALUES (1,'one'),(2,'two'),(3,NULL);\nSELECT * FROM t;\nUPDATE t SET name='' WHERE id=2;\nSHOW TABLES;\n")
        client("errors", "SELEC 1;\nSELECT * FROM nowhere;\nINSERT INTO t VALUES (1,'again');\nSELECT 'well';\n", "-f", "d", status=None)
        client("prepared", "PREPARE s FROM 'SELECT * FROM t WHERE id = ?';\nSET @a = 1;\nEXECUTE s USING @a;\nDEALLOCATE PREPARE s;\nSHOW STATUS LIKE 'Com_s%';\n", "d")
        client("refused", "", "-u", "nobody", "-psecret", status=1)
        client("large", "SELECT REPEAT('0123456789', 3000);\nSELECT seq, MD5(seq) FROM seq_1_to_200;\n", "d")
        with Proxy(port) as p:
            c = pymysql.connect(host="127.0.0.1", port=p.port, user="root", database="d", autocommit=False,
                                client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
            with c.cursor() as cursor:
                cursor.execute("SELECT 1; SELECT 2, 3; DO 0; SELECT 'four'")
                while cursor.nextset():
                    pass
                cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(i, "x" * i) for i in range(10, 60)])
            c.rollback()
            c.ping()
            c.close()
        keep("pymysql", f"PyMySQL {pymysql.__version__}: several statements in one, executemany, ping, quit", p)
