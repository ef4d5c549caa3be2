#!/usr/bin/env bash
# github.com/caarlos0/env/v11 v11.4.2: a []byte field does not get the bytes of the variable. It is a list of numbers like []int:
# "12" is the one byte 12, without an error, and "k3y" is refused. kelseyhightower/envconfig v1.4.0 copies the text.
#
# Output seen:
#   12   env: [12]  (error: false)  envconfig: [49 50] (error: false)
#   1,2  env: [1 2] (error: false)  envconfig: [49 44 50] (error: false)
#   k3y  env: []    (error: true )  envconfig: [107 51 121] (error: false)
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/caarlos0/env/v11"
	"github.com/kelseyhightower/envconfig"
)

type config struct {
	Salt []byte `env:"SALT" envconfig:"SALT"`
}

func main() {
	for _, text := range []string{"12", "1,2", "k3y"} {
		os.Setenv("SALT", text)
		var a, b config
		errA, errB := env.Parse(&a), envconfig.Process("", &b)
		fmt.Printf("%-4s env: %-5s (error: %-5v)  envconfig: %v (error: %v)\n", text, fmt.Sprint(a.Salt), errA != nil, b.Salt, errB != nil)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/caarlos0/env/v11@v11.4.2 github.com/kelseyhightower/envconfig@v1.4.0 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='12   env: [12]  (error: false)  envconfig: [49 50] (error: false)
1,2  env: [1 2] (error: false)  envconfig: [49 44 50] (error: false)
k3y  env: []    (error: true )  envconfig: [107 51 121] (error: false)'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
