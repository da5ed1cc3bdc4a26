// Package sqldbtest gives tests a fresh database on each engine.
//
// [Each] runs a test once on SQLite and once on PostgreSQL. The PostgreSQL side needs the
// server's binaries (Debian: postgresql, found under /usr/lib/postgresql/*/bin or on the
// PATH); a temporary cluster is started as an unprivileged user on its first use and
// stopped and removed when the test binary ends, however it ends. Starting takes a second
// or two for each test binary, so LANTERN_TEST_POSTGRES may hold the admin URL of a
// cluster to share:
//
//	go run ./internal/sqldb/sqldbtest/pgtemp -- go test ./...
//
// starts one, sets the variable and runs the command. Without binaries the PostgreSQL
// side is skipped loudly, or fails if CI=true.
package sqldbtest
